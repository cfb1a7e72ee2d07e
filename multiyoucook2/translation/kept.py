"""Outputs as they stand, kept in the memory for repair to choose from: all of a beam, not its best alone."""

from collections.abc import Sequence

import numpy as np

from ..engines.base import Candidate, Search
from .batches import Batch, batch_key
from .flags import output_flags
from .memory import Attempt

RUNG = 100  # of all that is kept so, above the ladder's
FIRST = "n-best"  # what the beam of a build's first search ends with, and wider ones


def shelf(batch: Batch, name: str, search: Search) -> str:
    """Names a batch in the memory by its content, by what was asked, and by how many outputs are wanted."""
    return f"{batch_key(batch)}-{name}-{search.candidates}"


def as_kept(batch: Batch, outputs: Sequence[Sequence[Candidate]]) -> list[Attempt]:
    """Every output of each text, with the flags that it has by itself; checks look at those that are chosen."""
    return [
        Attempt(item.text, RUNG, one.text, rounded(one.score), output_flags(item.source, one))
        for item, several in zip(batch, outputs, strict=True)
        for one in several
    ]


def rounded(score: float | None) -> float | None:
    """A score as the memory will give it back; ``None`` for one that is no number."""
    return None if score is None or not np.isfinite(score) else float(np.float32(score))
