"""Refuses rows that say nothing."""

from ..check import Row, row_check
from ..settings import Checks


@row_check("empty")
def empty(row: Row, checks: Checks) -> str | None:
    """There is neither a letter nor a digit."""
    return None if any(character.isalnum() for character in row.text) else "no letter and no digit"
