"""Refuses rows in another script than the language's."""

from ...languages import language
from ...text.language_id import mixes_chinese_and_japanese, script_share
from ..check import Row, row_check
from ..settings import Checks


@row_check("script")
def script(row: Row, checks: Checks) -> str | None:
    """Too few of the letters are in the language's script."""
    share = script_share(row.text, row.lang)
    if checks.script_share is None or share is None:
        return None
    if share < checks.script_share:
        return f"{share:.0%} of the letters are in the script {language(row.lang).script}"
    return mixes_chinese_and_japanese(row.text, row.lang)
