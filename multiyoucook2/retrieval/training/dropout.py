"""Dropout that is a function of a text's or clip's place in the batch, however the batch is cut into pieces."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

BLOCK = 64  # rows that are drawn together: bounds memory, and what a piece draws in vain


class DropoutByRow(TorchFunctionMode):
    """Within it, rows ``first`` to ``first + rows`` of a batch drop the units that they drop in the whole batch.

    Call by call, units are drawn for :data:`BLOCK` rows at a time from a generator that ``key``, the call's number and
    the block's number seed, and of them a piece takes its own rows. So nothing depends on a generator's state, or on
    where the pieces begin and end; only a row's shape counts, padding included.

    Args:
        key: numbers that seed all of it; ``first``, ``rows``: the piece's place in the batch.
    """

    def __init__(self, key: Sequence[int], first: int, rows: int) -> None:
        super().__init__()
        self.key, self.first, self.rows, self.calls = tuple(key), first, rows, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Every call of torch comes here; those that drop units are done anew."""
        given = dict(kwargs or {})
        if func is F.dropout:
            return self._dropout(*args, **given)
        if func is F.scaled_dot_product_attention and given.get("dropout_p") and not given.get("enable_gqa"):
            given.pop("enable_gqa", None)
            return self._attention(*args, **given)
        return func(*args, **given)

    def _dropout(self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training or not 0 < p < 1:
            return F.dropout(x, p, training, inplace)
        kept: Tensor = self._kept(x.shape, p, x.device)
        return x * kept / (1 - p)

    def _attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
    ) -> Tensor:
        """Written out, as torch's own draws inside: the weights are ``softmax(Q K^T scale + mask)``."""
        if is_causal:
            attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
        logits = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
        if attn_mask is not None:
            shut = attn_mask.dtype == torch.bool
            logits = logits.masked_fill(~attn_mask, -torch.inf) if shut else logits + attn_mask
        return self._dropout(logits.softmax(-1), dropout_p) @ value

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # seeding is no part of a graph
    def _kept(self, shape: torch.Size, p: float, device: torch.device) -> Tensor:
        """True where a unit is kept. What has no row for each of the piece's is drawn alike for all pieces."""
        self.calls += 1
        first = self.first if shape[0] == self.rows else 0
        blocks = range(first // BLOCK, (first + shape[0] - 1) // BLOCK + 1)
        drawn = [self._block(block, shape[1:], p, device) for block in blocks]
        return torch.cat(drawn)[first - blocks[0] * BLOCK :][: shape[0]]

    def _block(self, block: int, shape: torch.Size, p: float, device: torch.device) -> Tensor:
        state = np.random.SeedSequence((*self.key, self.calls, block)).generate_state(1, np.uint64)[0]
        generator = torch.Generator(device).manual_seed(int(state >> 1))
        return torch.empty(BLOCK, *shape, dtype=torch.bool, device=device).bernoulli_(1 - p, generator=generator)
