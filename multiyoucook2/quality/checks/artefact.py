"""Refuses rows with pieces of the machinery in them: broken characters, unknown-word marks, control tokens."""

import re

from ..check import Row, row_check
from ..settings import Checks

_ARTEFACT = re.compile(
    r"\ufffd|\u2047|\u2581|</?(?:unk|s|pad|bos|eos)>|\[(?:UNK|CLS|SEP|PAD)\]"
    r"|__[a-z]{2,3}__|>>[a-z]{2,3}[^<>]{0,12}<<|<2[a-z]{2,3}>|\b[a-z]{3}_[A-Z][a-z]{3}\b|<\|[^|]{1,24}\|>"
)


@row_check("artefact")
def artefact(row: Row, checks: Checks) -> str | None:
    """A character or token that no text has, and the caption has not either."""
    found = [match for match in _ARTEFACT.findall(row.text) if match not in row.caption] if checks.artefacts else []
    return f"{found[0]!r} in the text" if found else None
