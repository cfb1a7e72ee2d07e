"""Batches as a pure function of a language's whole work list.

The outputs of an 8-bit model depend in the last digits on what shares the batch, so a batch is never made of what
happens to be left: a resumed build finds the same batches, redoes whole ones, and ends with the same bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One distinct text, and the source tokens that the model reads."""

    text: str
    tokens: tuple[str, ...]


def plan_batches(items: Iterable[Item], batch_tokens: int) -> list[tuple[Item, ...]]:
    """Cuts the list, sorted by length and then text, into batches of at most ``batch_tokens`` source tokens.

    Tokens are counted as the engine holds them: rows x the longest row. A single row that is longer than that is a
    batch of its own. The batches with the longest rows come first, so that memory runs out early if it does, and the
    last ones to finish are short.
    """
    batches: list[tuple[Item, ...]] = []
    current: list[Item] = []
    for item in sorted(items, key=lambda item: (len(item.tokens), item.text)):
        if current and (len(current) + 1) * len(item.tokens) > batch_tokens:
            batches.append(tuple(current))
            current = []
        current.append(item)
    if current:
        batches.append(tuple(current))
    return batches[::-1]
