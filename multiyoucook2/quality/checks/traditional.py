"""Points at Chinese in traditional characters, where the data set's Chinese is simplified."""

from functools import cache

from ...languages import language
from ..check import Row, row_check
from ..settings import Checks

ENOUGH = 2  # characters; one may be a name


@row_check("traditional", severity="signal")
def traditional(row: Row, checks: Checks) -> str | None:
    """Characters that the simplified standard GB 2312 lacks and the traditional Big5 has."""
    if language(row.lang).script != "Hans":
        return None
    found = "".join(character for character in row.text if _only_traditional(character))
    return f"traditional characters: {found}" if len(found) >= ENOUGH else None


@cache
def _only_traditional(character: str) -> bool:
    return ord(character) > 0x3400 and not _encodes(character, "gb2312") and _encodes(character, "big5")


def _encodes(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
