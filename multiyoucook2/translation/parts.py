"""A caption that no rung of the ladder mends, part by part: small models drop what stands late in a long sentence."""

import re
from collections.abc import Sequence

from ..languages import language

SHORTEST = 3  # words; what is shorter stays with its neighbour, so "salt and pepper" is not torn apart
# not inside "5 and 10 minutes", "one and a half", "half and half", "2 tbsp. of oil"
_AND = r"(?<!\d)(?<!half)\s+and\s+(?!half\b|a half\b)"
_STOP = r"(?<!tsp)(?<!tbsp)(?<!oz)(?<!lb)\s*[,;.]\s+(?:and\s+)?"
_OTHER = r"\s*[。！？；।؟]\s*"  # the ends of sentences elsewhere, where no space need follow
_LINK = re.compile(rf"(?:{_STOP}|{_AND})(?:then\s+)?|\s+then\s+|{_OTHER}(?!$)")
# two characters of a script that writes no spaces count as a word
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1780-\u17ff]{1,2}|[^\s\u3040-\u30ff\u3400-\u9fff]+")
_COMMAS = {"Hans": "，", "Jpan": "、"}
_STOPS = " .。।"


def split_parts(caption: str) -> list[str]:
    """The caption cut at sentences' ends, and in English at "and", "then" and commas; parts of at least three words.

    >>> split_parts("season with salt and pepper and cook for 5 minutes, then serve the fish")
    ['season with salt and pepper', 'cook for 5 minutes', 'serve the fish']
    """
    links = list(_LINK.finditer(caption))
    starts = [0, *(link.end() for link in links)]
    stops = [*(link.start() for link in links), len(caption)]
    parts: list[str] = []
    since = 0  # where the last part starts
    for start, stop in zip(starts, stops, strict=True):
        if parts and min(_words(parts[-1]), _words(caption[start:stop])) < SHORTEST:
            parts[-1] = caption[since:stop]
        else:
            parts.append(caption[start:stop])
            since = start
    return parts


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def join_parts(texts: Sequence[str], lang: str) -> str:
    """Translations of the parts in one line, with the language's comma between them."""
    *earlier, last = texts
    return _COMMAS.get(language(lang).script, ", ").join([*(text.rstrip(_STOPS) for text in earlier), last])
