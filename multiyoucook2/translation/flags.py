"""What can go wrong with one output: loops, truncation, emptiness, copies, unknown pieces, lost or added numbers."""

from collections.abc import Sequence

from ..text.copies import is_copy
from ..text.numbers import numbers_changed
from ..text.repetition import loops

# A row that no retry mends keeps its least bad attempt, in this order of badness.
SEVERITY = {"empty": 5, "loop": 4, "truncated": 3, "copy": 2, "number": 1, "unknown": 0}


def find_flags(
    source: str, source_tokens: Sequence[str], tokens: Sequence[str], text: str, *, finished: bool, lang: str
) -> tuple[str, ...]:
    """The names of what is wrong with an output, worst first; empty for a sound one."""
    found = {
        "empty": not any(letter.isalnum() for letter in text),
        "loop": loops(tokens, source_tokens),
        "truncated": not finished,
        "copy": is_copy(source, text, lang),
        "number": numbers_changed(source, text, lang) is not None,
        "unknown": "<unk>" in tokens,
    }
    return tuple(name for name in SEVERITY if found[name])
