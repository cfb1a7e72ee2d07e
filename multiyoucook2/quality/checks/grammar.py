"""Points at slips of form that a pattern sees: a word or particle doubled, an ending that leaves the sentence open."""

import re
from functools import cache

from ..check import Row, row_check
from ..settings import Checks

_DOUBLED = r"\b(?!{allowed})(\w+)[ \u00a0]+\1\b"
_ALLOWED = {  # words that a language doubles rightly
    "de": r"(?:die|das|der|sie)\b", "fr": r"(?:nous|vous)\b", "cs": r"(?:si|se)\b", "es": r"(?:poco)\b",
    "ru": r"(?:чуть|еле)\b", "vi": r"(?:nho|đều|từ|dần|chầm|xanh|vàng|nhẹ|mềm|nâu|hơi)\w*\b",
}  # fmt: skip
_OPEN = {  # what no phrase ends with
    "de": "und oder zum zur der das den dem für von",
    "fr": "et ou avec dans sur le la les un une des du de à au aux pour sans",
    "cs": "a i nebo na do z ze k ke v ve pro",
    "es": "y o con en sobre el la los las un una de del al a para sin",
    "ru": "и или с со в во на к ко для без из у о",
    "vi": "và hoặc với của để",
}
_OTHERS = {
    "fr": r"\b(?:de|le|la|que|je|ne|se)\s+[aâàeéèêiîoôuyœ]\w+",
    "es": r"\b(?:a el|de el)\b(?! que)|\by (?=h?i(?!e))\w+",
    "zh": r"[，、；]{2,}|[，、]$|的的|了了|将将|在在",
    "ja": r"をを|にに(?!ん)|がが|をに|にを|[、]{2,}|[をにがと、]$",
}


@row_check("grammar", severity="signal")
def grammar(row: Row, checks: Checks) -> str | None:
    """A word stands twice in a row, or the text ends with a word or particle that wants another behind it."""
    text = row.text.strip().casefold().rstrip(".。")
    found = _pattern(row.lang).search(text) if text else None
    return f"not a sentence: {found[0].strip()!r}" if found else None


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    parts = []
    if lang in _OPEN:
        parts += [_DOUBLED.format(allowed=_ALLOWED.get(lang, r"\B\b")), rf"\b(?:{'|'.join(_OPEN[lang].split())})$"]
    parts += [_OTHERS[lang]] if lang in _OTHERS else []
    return re.compile("|".join(parts) or r"\B\b")
