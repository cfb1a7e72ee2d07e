"""What can go wrong with one output: loops, truncation, emptiness, copies, unknown pieces, lost or added numbers."""

from collections.abc import Sequence

from ..languages import language
from ..validation.numbers import numbers_changed

# A row that no retry mends keeps its least bad attempt, in this order of badness.
SEVERITY = {"empty": 5, "loop": 4, "truncated": 3, "copy": 2, "number": 1, "unknown": 0}
_LONGEST_NGRAM = 8


def longest_run(tokens: Sequence[str], size: int) -> int:
    """How often an n-gram of this size is repeated back to back, at most; 1 means never twice.

    Example: ``longest_run("a b a b a b".split(), 2) == 3``.
    """
    best, run = 1, 1
    matched = 0  # tokens in a row that equal the one ``size`` places before
    for place in range(size, len(tokens)):
        matched = matched + 1 if tokens[place] == tokens[place - size] else 0
        run = 1 + matched // size
        best = max(best, run)
    return best


def loops(tokens: Sequence[str], source: Sequence[str]) -> bool:
    """Whether an output repeats itself as no sentence does, and as its source does not.

    One piece four times in a row, or two to eight pieces three times. Pieces without a letter do not count.
    """
    words = [token for token in tokens if any(letter.isalpha() for letter in token)]
    said = [token for token in source if any(letter.isalpha() for letter in token)]
    for size in range(1, min(_LONGEST_NGRAM, len(words) // 3) + 1):
        limit = 4 if size == 1 else 3
        if longest_run(words, size) >= limit > longest_run(said, size):
            return True
    return False


def is_copy(source: str, text: str, lang: str) -> bool:
    """Whether the output is the English source. One word may be the same in both (``pizza``), in Latin script."""
    left, right = (_letters(value) for value in (source, text))
    return left == right and bool(left) and (len(left) > 1 or language(lang).script != "Latn")


def _letters(text: str) -> list[str]:
    kept = "".join(letter if letter.isalnum() else " " for letter in text.casefold())
    return [word for word in kept.split() if not word.isdigit()]


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
