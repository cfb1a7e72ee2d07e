"""What is done to a caption before a model reads it, and which captions no model should read at all.

Models know ``1/2`` and ``degrees F`` better than ``½``, ``&amp;`` and ``℉``, which they drop or turn into noise. Only
what the model reads is written so: the caption itself stays as it is.
"""

import html
import re
import unicodedata

_DEGREES = re.compile(r"(?<=\d)\s*(?:[°º˚]\s*([FC])\b|([\u2109\u2103]))|(?<=\d)\s*[°º˚](?!\w)")
_FRACTION = re.compile(r"(?:(\d)\s?)?([\u00bc-\u00be\u2150-\u215e])")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\ufeff\u00ad]")
_NO_WORDS = re.compile(r"\bhttps?://\S+|\bwww\.\S+|\[[^\[\]]*\]|\([^()]*music[^()]*\)", re.IGNORECASE)


def normalise(caption: str) -> str:
    """The caption as a model is to read it: entities resolved, fractions and degrees in plain characters.

    >>> normalise("bake 1½ cups of mac &amp; cheese at 350°F")
    'bake 1 1/2 cups of mac & cheese at 350 degrees F'
    """
    caption = _ENTITY.sub(lambda match: html.unescape(match[0]), caption)
    caption = _INVISIBLE.sub("", caption)
    caption = _FRACTION.sub(_plain_fraction, caption)
    return _DEGREES.sub(_plain_degrees, caption)


def untranslatable(caption: str) -> bool:
    """Whether there is nothing to translate: no letter but in a web address or in brackets, as in ``[music]``.

    A model makes up words for such a caption.
    """
    return not any(letter.isalpha() for letter in _NO_WORDS.sub(" ", caption))


def _plain_fraction(match: re.Match[str]) -> str:
    fraction = unicodedata.normalize("NFKC", match[2]).replace("\u2044", "/")
    return f"{match[1]} {fraction}" if match[1] else fraction


def _plain_degrees(match: re.Match[str]) -> str:
    scale = match[1] or {"\u2109": "F", "\u2103": "C"}.get(match[2] or "", "")
    return f" degrees {scale}".rstrip()
