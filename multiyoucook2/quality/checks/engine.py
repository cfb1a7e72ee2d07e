"""Refuses rows that the engine itself gave up on, after all retries."""

from ..check import Row, row_check
from ..settings import Checks


@row_check("engine", version=3)
def engine(row: Row, checks: Checks) -> str | None:
    """The engine flags a loop, a truncation, a copy or a lost word; a flag counts while the check of its kind is on."""
    fatal = {"loop": checks.repetition is not None, "truncated": True, "unknown": True, "copy": checks.copies}
    found = [flag for flag, wanted in fatal.items() if wanted and flag in row.flags]
    return f"the engine reports: {', '.join(found)}" if found else None
