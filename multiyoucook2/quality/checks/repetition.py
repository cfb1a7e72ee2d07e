"""Refuses rows that say the same again and again."""

import re
from collections.abc import Iterable

from ...languages import language
from ..check import Row, row_check
from ..settings import Checks

_LONGEST_REPEATED = 6  # letters where words are not spaced, words elsewhere


@row_check("repetition")
def repetition(row: Row, checks: Checks) -> str | None:
    """The same words (letters, where words are not spaced) again and again, and not so in the caption."""
    if checks.repetition is None:
        return None
    unspaced = language(row.lang).script in ("Hans", "Jpan")
    said = max(count for count, _ in _repeats(_words(row.caption)))
    count, unit = max(
        _repeats([c for c in row.text if c.isalnum()] if unspaced else _words(row.text)), key=lambda found: found[0]
    )
    if count < checks.repetition or said >= checks.repetition:
        return None
    return f"{('' if unspaced else ' ').join(unit)!r} {count} times in a row"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _repeats(tokens: list[str]) -> Iterable[tuple[int, tuple[str, ...]]]:
    """For each n-gram length up to six, how often one stands back to back at most, and which."""
    yield 1, tuple(tokens[:1])
    for size in range(1, min(_LONGEST_REPEATED, len(tokens) // 2) + 1):
        same = 0
        for place in range(size, len(tokens)):
            same = same + 1 if tokens[place] == tokens[place - size] else 0
            if same and same % size == 0:
                yield 1 + same // size, tuple(tokens[place - size + 1 : place + 1])
