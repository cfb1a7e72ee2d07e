"""Refuses rows that the engine itself gave up on, after all retries."""

from ..check import Row, row_check
from ..settings import Checks

_FATAL = ("loop", "truncated", "unknown", "copy")


@row_check("engine", version=3)
def engine(row: Row, checks: Checks) -> str | None:
    """The engine flags a loop, a truncation, a copy or a lost word; a flag counts while the check of its kind is on."""
    found = [flag for flag in _FATAL if flag in row.flags and checks.counts(flag)]
    return f"the engine reports: {', '.join(found)}" if found else None
