"""Points at what engines learn from web pages and subtitles, and say where they do not know."""

import re

from ..check import Row, row_check
from ..settings import Checks

_BOILERPLATE = re.compile(
    # bounded, or anchored at a word's start: of a text without blanks the time would else grow with its square
    r"https?://\S+|www\.\S+|\b[\w-]{1,63}\.(?:com|org|net|info|ru|de|cz|vn|es|fr|jp|cn)\b"
    r"|(?<!\S)[^\s@]+@[^\s@]+\.\w+|©|®|™"
    r"|(?i:\b(?:subtitles?|captions?) by\b|\buntertitel(?:ung)?\b.{0,20}\b(?:von|durch|im auftrag)\b"
    r"|\bsous-titr\w+ .{0,10}\bpar\b|\btitulky\b|\bsubtitulado por\b|\bредактор субтитров\b|\bсубтитры\b"
    r"|\bphụ đề\b|字幕|ご視聴|ありがとうございました|谢谢观看|请订阅|\bcookies?-? ?(?:policy|richtlinie)\b)"
)


@row_check("boilerplate", severity="signal")
def boilerplate(row: Row, checks: Checks) -> str | None:
    """A web address, a trade mark or a credit of subtitles that the caption does not have."""
    found = _BOILERPLATE.search(row.text)
    return f"{found[0]!r} in the text" if found and not _BOILERPLATE.search(row.caption) else None
