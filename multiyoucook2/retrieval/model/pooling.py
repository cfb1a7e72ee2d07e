"""From token vectors to one vector a text. The mask is always the encoder's own."""

from typing import Literal

from torch import Tensor

Pooling = Literal["mean", "cls"]


def mean_pool(hidden_NLD: Tensor, mask_NL: Tensor) -> Tensor:
    """Mean over the positions where the mask is 1 -> [N, D]; a row without any gives zeros, not NaN."""
    if hidden_NLD.shape[:2] != mask_NL.shape:
        raise ValueError(f"token vectors {list(hidden_NLD.shape)} and mask {list(mask_NL.shape)} do not fit")
    weights_NL1 = mask_NL.to(hidden_NLD.dtype).unsqueeze(-1)
    return (hidden_NLD * weights_NL1).sum(1) / weights_NL1.sum(1).clamp(min=1)


def cls_pool(hidden_NLD: Tensor, mask_NL: Tensor) -> Tensor:
    """The vector of the first token -> [N, D]; the mask is not needed, as texts are padded on the right."""
    return hidden_NLD[:, 0]


def pool(hidden_NLD: Tensor, mask_NL: Tensor, pooling: Pooling) -> Tensor:
    """Dispatch by name: ``"mean"`` or ``"cls"``."""
    return mean_pool(hidden_NLD, mask_NL) if pooling == "mean" else cls_pool(hidden_NLD, mask_NL)
