"""Words and n-grams that are repeated back to back, as no sentence repeats them."""

from collections import Counter
from collections.abc import Sequence

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
    if max(Counter(tokens).values(), default=0) < 3:  # nothing is there three times: nearly always
        return False
    words = [token for token in tokens if any(letter.isalpha() for letter in token)]
    said = [token for token in source if any(letter.isalpha() for letter in token)]
    for size in range(1, min(_LONGEST_NGRAM, len(words) // 3) + 1):
        limit = 4 if size == 1 else 3
        if longest_run(words, size) >= limit > longest_run(said, size):
            return True
    return False
