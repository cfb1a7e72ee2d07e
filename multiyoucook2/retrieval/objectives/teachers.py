"""What several frozen teachers say together: reduced similarities, or learned weights over their losses."""

from collections.abc import Sequence
from typing import get_args

import torch
from torch import Tensor, nn

from .base import Reduce
from .losses import at_least_float32
from .similarity import unit


def reduce_similarities(sims_KBB: Tensor, *, reduce: Reduce) -> Tensor:
    """Elementwise maximum, minimum or mean over K teachers: [K, B, B] -> [B, B]. The name says what is computed.

    (The published C2KD code calls the maximum ``min`` and the minimum ``max``.)
    """
    if sims_KBB.ndim != 3 or not len(sims_KBB):
        raise ValueError(f"teachers' similarities must have shape [K, B, B] with K >= 1, not {list(sims_KBB.shape)}")
    if reduce not in get_args(Reduce):
        raise ValueError(f"reduce must be one of {', '.join(get_args(Reduce))}, not {reduce!r}")
    sims_KBB = at_least_float32(sims_KBB)
    if reduce == "max":
        return sims_KBB.amax(0)
    return sims_KBB.amin(0) if reduce == "min" else sims_KBB.mean(0)


class LearnedTeacherWeights(nn.Module):
    """Softmax weights over the teachers' losses, trained with the student (the "learned" ablation; own lr 1e-2).

    All teachers weigh the same at first. ``forward`` maps losses [K] to their weighted sum, a scalar.
    """

    def __init__(self, teachers: int) -> None:
        super().__init__()
        self.logits_K = nn.Parameter(torch.zeros(teachers))

    def weights(self) -> Tensor:
        """The weights, [K], adding up to 1."""
        return self.logits_K.softmax(0)

    def forward(self, losses_K: Tensor) -> Tensor:
        if losses_K.shape != self.logits_K.shape:
            raise ValueError(f"{len(self.logits_K)} teachers have weights, but the losses are {list(losses_K.shape)}")
        return (self.weights().to(losses_K.dtype) * losses_K).sum()


class TeacherEmbeddings:
    """Frozen teachers' embeddings of one split, computed once, so that a step needs a lookup and K small products.

    Args:
        pairs: per teacher the English captions' embeddings [M, E_k] and the videos' [N, E_k], a row a clip.
        text_row_NC: row of each clip's caption among the M, by caption index; -1 where there is none.
    """

    def __init__(self, pairs: Sequence[tuple[Tensor, Tensor]], text_row_NC: Tensor) -> None:
        if not pairs:
            raise ValueError("at least one teacher is needed")
        for text_ME, video_NE in pairs:
            if text_ME.shape[1] != video_NE.shape[1] or len(video_NE) != len(text_row_NC):
                raise ValueError(
                    f"a teacher's texts {list(text_ME.shape)}, videos {list(video_NE.shape)} and "
                    f"captions {list(text_row_NC.shape)} do not fit"
                )
        self.pairs = [(unit(text_ME), unit(video_NE)) for text_ME, video_NE in pairs]
        self.text_row_NC = text_row_NC

    def to(self, device: torch.device | str) -> "TeacherEmbeddings":
        """The same on another device."""
        moved = TeacherEmbeddings.__new__(TeacherEmbeddings)
        moved.pairs = [(text_ME.to(device), video_NE.to(device)) for text_ME, video_NE in self.pairs]
        moved.text_row_NC = self.text_row_NC.to(device)
        return moved

    def taught(self, index_B: Tensor, caption_B: Tensor) -> Tensor:
        """True [B] where the clip has an English text at the caption index that was drawn for it."""
        return self.text_row_NC[index_B, caption_B] >= 0

    def similarities(self, index_B: Tensor, caption_B: Tensor) -> Tensor:
        """cos(teacher's English text, teacher's video) among the clips at ``index_B``, of captions drawn: [K, B, B].

        Rows of clips that are not :meth:`taught` hold anything.
        """
        row_B = self.text_row_NC[index_B, caption_B].clamp(min=0)
        return torch.stack([text_ME[row_B] @ video_NE[index_B].T for text_ME, video_NE in self.pairs])
