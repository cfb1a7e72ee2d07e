"""Refuses rows with pieces of the machinery in them: broken characters, unknown-word marks, control tokens."""

from ...text.artefacts import find_artefact
from ..check import Row, row_check
from ..settings import Checks


@row_check("artefact")
def artefact(row: Row, checks: Checks) -> str | None:
    """A character or token that no text has, and the caption has not either."""
    found = find_artefact(row.caption, row.text) if checks.artefacts else None
    return f"{found!r} in the text" if found else None
