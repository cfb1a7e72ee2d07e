"""A caption that no rung of the ladder mends, part by part: small models drop what stands late in a long sentence."""

import re
from collections.abc import Sequence

from ..languages import language

SHORTEST = 3  # words; what is shorter stays with its neighbour, so "salt and pepper" is not torn apart
# not inside "5 and 10 minutes", "one and a half", "half and half", "2 tbsp. of oil"
_AND = r"(?<!\d)(?<!half)\s+and\s+(?!half\b|a half\b)"
_STOP = r"(?<!tsp)(?<!tbsp)(?<!oz)(?<!lb)\s*[,;.]\s+(?:and\s+)?"
_LINK = re.compile(rf"(?:{_STOP}|{_AND})(?:then\s+)?|\s+then\s+")
_COMMAS = {"Hans": "，", "Jpan": "、"}
_STOPS = " .。।"


def split_parts(caption: str) -> list[str]:
    """The caption cut at "and", "then" and punctuation, every part of at least three words.

    >>> split_parts("season with salt and pepper and cook for 5 minutes, then serve the fish")
    ['season with salt and pepper', 'cook for 5 minutes', 'serve the fish']
    """
    links = list(_LINK.finditer(caption))
    starts = [0, *(link.end() for link in links)]
    stops = [*(link.start() for link in links), len(caption)]
    parts: list[str] = []
    since = 0  # where the last part starts
    for start, stop in zip(starts, stops, strict=True):
        if parts and min(len(parts[-1].split()), len(caption[start:stop].split())) < SHORTEST:
            parts[-1] = caption[since:stop]
        else:
            parts.append(caption[start:stop])
            since = start
    return parts


def join_parts(texts: Sequence[str], lang: str) -> str:
    """Translations of the parts in one line, with the language's comma between them."""
    *earlier, last = texts
    return _COMMAS.get(language(lang).script, ", ").join([*(text.rstrip(_STOPS) for text in earlier), last])
