"""Refuses rows in another language."""

from ...text.language_id import surely_other
from ..check import Row, row_check
from ..settings import Checks


@row_check("language")
def other_language(row: Row, checks: Checks) -> str | None:
    """The text is surely in another language."""
    found = surely_other(row.text, row.lang) if checks.language else None
    return f"looks like {found[0]} (probability {found[1]:.2f})" if found else None
