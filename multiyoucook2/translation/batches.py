"""Which texts are translated together: always the same ones for the same list of texts.

The output of an 8-bit model depends, in the last digits, on the rows that share its batch. So batches are cut from the
whole list and never from what happens to be left of it: a build that was killed finds the same batches again, does
those that are not finished, and ends with the same bytes as one that was not.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ..engines.base import Source


@dataclass(frozen=True)
class Item:
    """One distinct text, and what the engine reads for it."""

    text: str
    source: Source


Batch = tuple[Item, ...]


def plan_batches(items: Iterable[Item], batch_tokens: int) -> list[Batch]:
    """Cuts the list, sorted by length and then text, into batches of at most ``batch_tokens`` source tokens.

    Tokens are counted as the engine holds them: rows x the longest row. A single row that is longer than that is a
    batch of its own. The batches with the longest rows come first, so that memory runs out early if it does, and the
    last ones to finish are short.
    """
    batches: list[Batch] = []
    current: list[Item] = []
    for item in sorted(items, key=lambda item: (len(item.source.tokens), item.text)):
        if current and (len(current) + 1) * len(item.source.tokens) > batch_tokens:
            batches.append(tuple(current))
            current = []
        current.append(item)
    if current:
        batches.append(tuple(current))
    return batches[::-1]


def batch_key(batch: Batch) -> str:
    """Names a batch by its content: which texts, read as which tokens, in which order."""
    digest = hashlib.sha256()
    for item in batch:
        digest.update(f"{len(item.source.tokens)}\0{item.text}\0{' '.join(item.source.tokens)}\0".encode())
    return digest.hexdigest()[:32]
