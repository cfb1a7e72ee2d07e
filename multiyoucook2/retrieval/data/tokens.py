"""Token ids and their mask, which always travel together, and length buckets of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def words_only(text: str) -> str:
    """The words of a caption without its marks, as the published code gives them to teachers: ``"1/2 cup, hot"`` ->
    ``"1 2 cup hot"``. A text of marks alone stays."""
    return " ".join(re.findall(r"[\w']+", text)) or text


@dataclass(frozen=True)
class Tokens:
    """N texts padded to L tokens: ``ids_NL`` int64, ``mask_NL`` int64, 1 where there is a token."""

    ids_NL: Tensor
    mask_NL: Tensor

    def to(self, device: torch.device | str) -> "Tokens":
        """The same on another device."""
        return Tokens(self.ids_NL.to(device, non_blocking=True), self.mask_NL.to(device, non_blocking=True))


@dataclass(frozen=True)
class Buckets:
    """N texts in parts of similar length; row ``i`` of the parts put end to end is text ``position_N[i]``."""

    parts: tuple[Tokens, ...]
    position_N: Tensor

    def to(self, device: torch.device | str) -> "Buckets":
        """The same on another device."""
        return Buckets(tuple(part.to(device) for part in self.parts), self.position_N.to(device, non_blocking=True))

    def __len__(self) -> int:
        return len(self.position_N)

    def restore(self, parts_ND: Sequence[Tensor]) -> Tensor:
        """One result a part -> one tensor in the order of the texts."""
        joined_ND = torch.cat(list(parts_ND))
        return torch.empty_like(joined_ND).index_copy(0, self.position_N, joined_ND)


TokenList: TypeAlias = Sequence[int] | npt.NDArray[np.int32]
TextInput: TypeAlias = Tokens | Buckets | Tensor  # a tensor [N, D] holds sentence vectors that are computed already


class Tokenizer(Protocol):
    """What cuts texts into tokens; every text encoder does."""

    @property
    def pad_id(self) -> int:
        """Token id of the padding."""

    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        """Token ids of each text, special tokens included, no padding."""


def pad_tokens(texts: Sequence[TokenList], pad_id: int, *, length: int = 0) -> Tokens:
    """Token lists -> one padded matrix, L being the longest, or ``length`` if that is more."""
    lengths = np.array([len(ids) for ids in texts], dtype=np.int64)
    there_NL = np.arange(lengths.max(initial=length)) < lengths[:, None]
    ids_NL = np.full(there_NL.shape, pad_id, dtype=np.int64)
    if texts:
        ids_NL[there_NL] = np.concatenate(texts)  # row by row, as the mask is read
    return Tokens(torch.from_numpy(ids_NL), torch.from_numpy(there_NL.astype(np.int64)))


def pass_overhead(device: torch.device | str) -> int:
    """What one more forward pass costs on a device, in tokens: on a GPU its many launches count, on a CPU hardly."""
    return 32 if torch.device(device).type == "cpu" else 512


def make_buckets(
    texts: Sequence[TokenList], pad_id: int, *, overhead: int = 512, max_tokens: int | None = None
) -> Buckets:
    """Sort texts by length and cut them where that saves most padding.

    Args:
        texts: token lists, none empty.
        pad_id: fills the padding, where the mask is 0.
        overhead: see :func:`pass_overhead`; the cuts minimise padded tokens + overhead x parts.
        max_tokens: no part holds more padded tokens than this (one text at least), e.g. to bound memory. What it cuts
            in pieces keeps its padding: parts of one length follow each other, and are one part without it.
    """
    order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
    lengths = np.array([len(texts[row]) for row in order])
    parts: list[Tokens] = []
    for start, end in _cuts(lengths, overhead):
        longest = int(lengths[end - 1])
        step = end - start if max_tokens is None else max(1, max_tokens // longest)
        for first in range(start, end, step):
            rows = order[first : min(first + step, end)]
            parts.append(pad_tokens([texts[row] for row in rows], pad_id, length=longest))
    return Buckets(tuple(parts), torch.tensor(order, dtype=torch.int64))


def _cuts(lengths: npt.NDArray[np.int64], overhead: int) -> list[tuple[int, int]]:
    """The cheapest partition of sorted lengths into runs, a run costing its size x its longest + overhead."""
    if not len(lengths):
        return []
    ends = [*(np.flatnonzero(np.diff(lengths)) + 1).tolist(), len(lengths)]  # a cut inside equal lengths saves nothing
    best, cut_before = [0], [0]
    for i, end in enumerate(ends):
        longest = int(lengths[end - 1])
        starts = [0, *ends[:i]]
        costs = [best[j] + (end - start) * longest + overhead for j, start in enumerate(starts)]
        chosen = int(np.argmin(costs))
        best.append(costs[chosen])
        cut_before.append(chosen)
    runs, last = [], len(ends)
    while last:
        first = cut_before[last]
        runs.append(([0, *ends][first], ends[last - 1]))
        last = first
    return runs[::-1]
