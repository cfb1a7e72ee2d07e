"""Refuses rows that were left in English."""

import re

from ..check import Row, row_check
from ..settings import Checks


@row_check("copies")
def copies(row: Row, checks: Checks) -> str | None:
    """The English stands there untranslated: all of it, or four words of five where there are five or more."""
    if not checks.copies:
        return None
    source, target = (re.findall(r"\w+", text.casefold()) for text in (row.caption, row.text))
    if source == target and len(source) > 2:
        return "the caption untranslated"
    said = set(source)
    kept = sum(word in said for word in target)
    if len(target) >= 5 and kept >= 0.8 * len(target):
        return f"{kept} of {len(target)} words untranslated"
    return None
