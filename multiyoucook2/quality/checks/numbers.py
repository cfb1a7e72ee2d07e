"""Refuses rows whose numbers are not the caption's."""

from ...text.numbers import numbers_changed
from ..check import Row, row_check
from ..settings import Checks


@row_check("numbers")
def numbers(row: Row, checks: Checks) -> str | None:
    """A number of the caption is lost, or one is added."""
    return numbers_changed(row.caption, row.text, row.lang) if checks.numbers else None
