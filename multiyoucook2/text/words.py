"""English words and their stems, and the units of a text in any language that alignments are learned from."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

from ..languages import language

UNSPACED = ("Hans", "Jpan")  # scripts whose words are not spaced
_REMEMBERED = 50_000  # words; a large data set has millions that are numbers
_GRAM = 5  # letters of a unit where words are spaced, the mark of a word's start included
_ENGLISH = re.compile(r"[a-z]+(?:'[a-z]+)?")
_RUN = re.compile(r"[^\W_]+")

# Words of which a translation need not have a counterpart.
FUNCTION_WORDS = frozenset(
    """
    a about after again all along also an and any around as at away back be been being both but by can do does down
    each either else enough few first for from get gets getting give go goes going has have he her his if in into is
    it its itself just keep keeps let lets like little lot made make makes making many me more most much must my need
    needs next no not now of off on once one onto or other others our out over own per place put puts ready rest same
    she should side so some such sure take takes than that the their them themselves then there these they this those
    through till time times to together too top until up upon us use used using very want was we well were what when
    where which while who will with within without would you your s t them' etc have having here how i inside outside
    aside another every everything thing things bit them only still even before between across against under above
    below during since because although though yet
    """.split()
)


@lru_cache(_REMEMBERED)
def stem(word: str) -> str:
    """The stem of an English word: ``chopped`` and ``chopping`` are ``chop``, ``tomatoes`` ``tomato``."""
    return _stemmer()(word)


@cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer

    found: Callable[[str], str] = snowballstemmer.stemmer("english").stemWord
    return found


def english_words(text: str) -> list[str]:
    """The words of an English text, in lower case."""
    return [word.split("'")[0] for word in _ENGLISH.findall(text.lower())]


def source_units(text: str, lang: str) -> list[str]:
    """The words of a caption as an alignment takes them: stems in English, ``target_units`` in other languages."""
    return [stem(word) for word in english_words(text)] if lang == "en" else target_units(text, lang)


def is_content(word: str) -> bool:
    """Whether a translation should have a counterpart of this English word."""
    return len(word) > 1 and word not in FUNCTION_WORDS


def target_units(text: str, lang: str) -> list[str]:
    """What stands for the words of a text: pieces that inflected and compounded words have in common.

    Where words are spaced: their character 5-grams, ``_`` marking a word's start. Elsewhere characters and their pairs.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if language(lang).script in UNSPACED:
        runs = _RUN.findall(text)
        return [unit for run in runs for unit in (*run, *(run[n : n + 2] for n in range(len(run) - 1)))]
    return [unit for word in _RUN.findall(text) for unit in _grams(word)]


@lru_cache(_REMEMBERED)
def _grams(word: str) -> tuple[str, ...]:
    marked = f"_{word}"
    return tuple(marked[n : n + _GRAM] for n in range(max(1, len(marked) - _GRAM + 1)))
