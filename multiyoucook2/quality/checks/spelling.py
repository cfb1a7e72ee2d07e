"""Points at words that no dictionary knows: engines that guess write words that do not exist."""

import re
from collections import Counter
from functools import cache

from ...languages import language
from ...text.words import UNSPACED
from ..check import CHECKS, Batch, Check, Context, Findings

_WORD = re.compile(r"[^\W\d_]+")
SHORTEST = 4  # letters; shorter words are abbreviations and names as often as not
OFTEN = 3  # rows that have a word: then it is this data set's own


def spelling(batch: Batch, context: Context) -> Findings:
    """Words of four letters or more that neither the dictionary has, nor the sound pairs, nor the caption, nor others.

    The dictionary is simplemma's; for languages that it lacks, such as Vietnamese, the sound pairs alone are one.
    """
    if not context.settings.spelling or language(batch.lang).script in UNSPACED:
        return Findings.of(len(batch), {})
    rows = [set(_WORD.findall(text)) for text in batch.texts]
    seen = Counter(word for words in rows for word in words)
    if context.like:
        seen.update(word for _, text in context.like for word in set(_WORD.findall(text)))
    sound = {word.casefold() for _, text in context.sound for word in _WORD.findall(text)}
    if not sound and not _has_dictionary(batch.lang):
        return Findings.of(len(batch), {})
    odd = {word for word, count in seen.items() if count < OFTEN and not _known(word, batch.lang, sound)}
    found = {
        row: f"no such word: {', '.join(sorted(left))}"
        for row, (words, caption) in enumerate(zip(rows, map(str.casefold, batch.captions), strict=True))
        if (left := {word for word in words & odd if word.casefold() not in caption})
    }
    return Findings.of(len(batch), found)


def _known(word: str, lang: str, sound: set[str]) -> bool:
    if len(word) < _shortest(lang) or word.casefold() in sound:
        return True
    if not _has_dictionary(lang):
        return False
    from simplemma import is_known

    return any(is_known(form, lang=lang, low_memory=True) for form in (word, word.lower(), word.capitalize()))


def _shortest(lang: str) -> int:
    return SHORTEST if _has_dictionary(lang) else 2  # syllables, in Vietnamese


@cache
def _has_dictionary(lang: str) -> bool:
    from simplemma import is_known

    try:
        is_known("a", lang=lang, low_memory=True)  # 15 MB a language in place of 110, and all of a build's are kept
    except ValueError:  # its word for a language without a dictionary
        return False
    return True


CHECKS.add(Check("spelling", 1, "signal", spelling))
