"""Refuses rows that are far shorter or longer than translations are."""

from ..check import Row, row_check
from ..settings import Checks

# Median characters of a translation for each of its English source, measured on 13,000 to 20,000 human ones a language.
EXPECTED_LENGTH = {"de": 1.19, "fr": 1.21, "cs": 0.90, "zh": 0.31, "ru": 0.97, "vi": 1.03, "es": 1.05, "ja": 0.50}
SMOOTHING = 8  # characters added to both sides, so that a ratio of two words says little


@row_check("length_ratio")
def length_ratio(row: Row, checks: Checks) -> str | None:
    """Far shorter or longer than translations of such a caption are."""
    if checks.length_ratio is None:
        return None
    low, high = checks.length_ratio
    expected = len(row.caption) * EXPECTED_LENGTH.get(row.lang, 1.0)
    ratio = (len(row.text) + SMOOTHING) / (expected + SMOOTHING)
    return None if low <= ratio <= high else f"{ratio:.2f} times the expected length"
