"""Terms and their translations: a user's own, and the lexicon that ships; and whether a translation has them.

The longest term counts: *black soy sauce* is no soy sauce, and in a translation 番茄粉 is no 番茄. Where words are
spaced, their beginnings are compared, so that inflection does no harm.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

from ..errors import DatasetError, RecipeError, nearest, shown
from ..files import by_column, column_names, read_text, table_cells
from ..languages import language
from ..text.words import UNSPACED, english_words, stem
from .pairs import lexicon, lexicon_texts

Term = tuple[str, ...]  # stems of an English term
KEPT = 0.7  # of a word's letters, its beginning that inflected forms share
SHORT = 3  # letters; shorter words are compared whole


class Glossary:
    """What English terms may be called in a language.

    Args:
        terms: (English, translation); a term may have several.
        lang: of the translations.
    """

    def __init__(self, terms: Iterable[tuple[str, str]], lang: str) -> None:
        self.lang = lang
        self._unspaced = language(lang).script in UNSPACED
        self._terms: dict[Term, list[str]] = {}
        for english, translation in terms:
            key, wanted = tuple(map(stem, english_words(english))), _plain(translation)
            if key and wanted and wanted not in self._terms.setdefault(key, []):
                self._terms[key].append(wanted)
        self._longest = max(map(len, self._terms), default=0)

    def missing(self, caption: str, text: str) -> list[str]:
        """The terms of a caption that the translation has by none of their names, as the caption says them."""
        words = english_words(caption)
        found, text, place = [], _plain(text), 0
        stems = tuple(map(stem, words))
        while place < len(words):
            size = next((n for n in range(self._longest, 0, -1) if stems[place : place + n] in self._terms), 0)
            if size and not any(self._has(text, name) for name in self._terms[stems[place : place + size]]):
                found.append(" ".join(words[place : place + size]))
            place += size or 1
        return list(dict.fromkeys(found))

    def _has(self, text: str, name: str) -> bool:
        within, alone = self._patterns(name)
        return alone.search(within.sub("|", text) if within else text) is not None

    @cached_property
    def _names(self) -> list[str]:
        return sorted({name for names in self._terms.values() for name in names})

    def _patterns(self, name: str) -> "tuple[re.Pattern[str] | None, re.Pattern[str]]":
        """What finds longer names that begin or end with a name, and what finds it itself."""
        found = self._compiled.get(name)
        if found is None:
            longer = [other for other in self._names if len(other) > len(name) and name in other]
            within = re.compile("|".join(map(self._pattern, sorted(longer, key=len, reverse=True)))) if longer else None
            found = self._compiled[name] = (within, re.compile(self._pattern(name)))
        return found

    @cached_property
    def _compiled(self) -> "dict[str, tuple[re.Pattern[str] | None, re.Pattern[str]]]":
        return {}

    def _pattern(self, name: str) -> str:
        if self._unspaced:
            return re.escape(name)
        start = r"\b\w*?" if self.lang == "de" and len(name) > SHORT else r"\b"  # German compounds end with their kind
        return start + r"\W+".join(f"{re.escape(_beginning(word))}\\w*" for word in name.split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _beginning(word: str) -> str:
    return word if len(word) <= SHORT else word[: max(SHORT, round(KEPT * len(word)))]


def glossary(lang: str, path: Path | None) -> Glossary:
    """The lexicon's terms in a language, and a user's, which take the place of those they are about.

    A file that was edited is read again.

    Raises:
        DatasetError: the user's file cannot be read, or lacks a column.
    """
    try:
        state = path.stat() if path else None
    except OSError:  # reading it says why
        state = None
    return _glossary(lang, path, (state.st_size, state.st_mtime_ns) if state else None)


@cache
def _glossary(lang: str, path: Path | None, state: tuple[int, int] | None) -> Glossary:
    own = read_glossary(path, lang) if path else []
    theirs = {tuple(map(stem, english_words(english))) for english, _ in own}
    known = [pair for pair in _nouns(lang) if tuple(map(stem, english_words(pair[0]))) not in theirs]
    return Glossary([*own, *known], lang)


def read_glossary(path: Path, lang: str) -> list[tuple[str, str]]:
    """(English, translation) of a TSV with the columns ``source``, ``translation`` and, for several, ``lang``.

    Raises:
        DatasetError: it cannot be read, lacks a column, or a row is wrong; the message names the row.
    """
    try:
        text = read_text(path, error=DatasetError)
    except OSError as error:
        raise DatasetError(f"{shown(path)} cannot be read: {error.strerror}", hint="give a readable file") from None
    reader = table_cells(text, path)
    try:
        names = column_names(next(reader, []))
        for name in ("source", "translation"):
            if name not in names:
                raise DatasetError(f"{shown(path)} has no column {name!r}", hint=nearest(name, names))
        rows = [
            _own_term(names, cells, lang, f"{shown(path)}, line {reader.line_num}")
            for cells in reader
            if any(map(str.strip, cells))
        ]
    except csv.Error as error:
        raise DatasetError(f"{shown(path)}, line {reader.line_num}: {error}", hint="save it as TSV") from None
    return [(english, translation) for english, translation, code in rows if code == lang]


def _own_term(names: Sequence[str], cells: Sequence[str], lang: str, where: str) -> tuple[str, str, str]:
    """(English, translation, language) of a row."""
    try:
        row = by_column(names, cells)
    except ValueError as wrong:
        raise DatasetError(f"{where}: {wrong}", hint="columns are separated by tabs; a term holds none") from None
    english, translation = row["source"].strip(), row["translation"].strip()
    if not english or not translation:
        raise DatasetError(f"{where}: a term or its translation is empty", hint="fill it in")
    try:
        return english, translation, language(row.get("lang") or lang).code
    except RecipeError as error:
        raise DatasetError(f"{where}: {error}", hint=error.hint) from None


def _nouns(lang: str) -> list[tuple[str, str]]:
    """The lexicon without those that are as often verbs or adjectives: *fry*, *spread*, *white*."""
    verbs = {stem(english_words(text)[0]) for text in lexicon_texts("frames.en").values()}
    modifiers = {stem(word) for text in lexicon_texts("modifiers.en").values() for word in english_words(text)}
    unclear = verbs | modifiers
    return [pair for pair in lexicon(lang) if not unclear & set(map(stem, english_words(pair[0])[-1:]))]
