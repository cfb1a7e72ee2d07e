"""Human translations to compare with: read from a file or another build, and laid beside a build's rows.

- a table (``.tsv``, ``.csv``) with columns ``clip_id``, a text (``caption``, ``text`` or ``translation``) and, where
  they are needed, ``caption_index`` and ``lang``: what ``mycook export --to tsv`` writes
- YouCook2's JSON, with sentences in the other language
- a folder of such files, called by their languages (``de.tsv``); those of one language count together
- a build or a published data set: its rows by people, but for those that are flagged as written independently

A file without a column ``lang`` is in the language that its name says (``de.tsv``), or in the only one that there is. A
caption that is there several times has several references.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..corpus.tables import ABOUT_FILE, HUMAN
from ..errors import DatasetError, RecipeError, shown
from ..files import by_column, column_names, read_parquet, read_text, table_cells
from ..languages import LANGUAGES, language
from ..sources.vatex import INDEPENDENT_FLAG
from ..sources.youcook2 import read_clips

Key = tuple[str, int]  # clip, caption index
References = dict[str, dict[Key, list[str]]]  # language -> caption -> its translations by people
TEXT_COLUMNS = ("caption", "text", "translation")
NAMED = 20  # of the rows without a counterpart


@dataclass(frozen=True)
class Aligned:
    """Rows of one language with their references.

    Attributes:
        places: of the rows that have references, in the order of the build's rows.
        references: of each of them, one at least.
        unknown: captions of the references that the build does not have.
        without: captions of the build that have no reference.
    """

    places: list[int]
    references: list[list[str]]
    unknown: list[Key]
    without: list[Key]


def read_references(path: Path, langs: Sequence[str]) -> References:
    """The translations of a file, a folder of files, a build or a data set.

    Args:
        path: see the module.
        langs: the languages that are asked for; others are left out.

    Raises:
        DatasetError: it cannot be read, a row is wrong (it is named), its language is unknown, or nothing is left.
    """
    if path.is_dir():
        root = path / "dataset" if (path / "dataset").is_dir() else path
        found = _of_data_set(root, langs) if (root / ABOUT_FILE).is_file() else _of_folder(path, langs)
    else:
        found = _of_file(path, _language_of(path, langs), langs)
    found = {lang: rows for lang, rows in found.items() if lang in langs and rows}
    if not found:
        raise DatasetError(
            f"{shown(path)} has no translation by people into {', '.join(langs)}",
            hint="columns clip_id, caption_index, lang, text; or a build whose source has such a language",
        )
    return found


def align(keys: Sequence[Key], references: Mapping[Key, list[str]]) -> Aligned:
    """Rows and references with the same clip and caption index belong together."""
    places = [place for place, key in enumerate(keys) if key in references]
    known = set(keys)
    return Aligned(
        places,
        [references[keys[place]] for place in places],
        [key for key in references if key not in known],
        [key for key in keys if key not in references],
    )


def named(keys: Sequence[Key]) -> list[str]:
    """The first of some captions, as messages name them."""
    return [f"{clip}#{index}" if index else clip for clip, index in keys[:NAMED]]


def _of_folder(folder: Path, langs: Sequence[str]) -> References:
    found: References = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".tsv", ".csv", ".json") and path.stem in langs:
            for lang, rows in _of_file(path, path.stem, langs).items():
                of_lang = found.setdefault(lang, {})
                for key, texts in rows.items():
                    of_lang.setdefault(key, []).extend(texts)
    return found


def _of_file(path: Path, lang: str | None, langs: Sequence[str]) -> References:
    try:
        if path.suffix.lower() == ".json":
            rows = read_clips(path)
            if lang is None:
                raise _which_language(path, langs)
            keys = zip(rows["clip_id"].to_pylist(), rows["caption"].to_pylist(), strict=True)
            return {lang: {(clip, 0): [text] for clip, text in keys if text}}
        return _of_table(path, lang, langs)
    except OSError as error:
        raise DatasetError(f"{shown(path)} cannot be read: {error.strerror}", hint="give a readable file") from None


def _of_table(path: Path, lang: str | None, langs: Sequence[str]) -> References:
    lines = table_cells(read_text(path, error=DatasetError), path)
    found: References = {}
    try:
        header = column_names(next(lines, []))
        columns = [name for name in TEXT_COLUMNS if name in header]
        if not columns or "clip_id" not in header:
            raise DatasetError(
                f"{shown(path)} has no column {'clip_id' if columns else 'text'!r}",
                hint=f"columns: clip_id, {' or '.join(TEXT_COLUMNS)}, and caption_index, lang where needed",
            )
        if len(columns) > 1:  # one of them is the source's, and nobody can tell which
            raise DatasetError(
                f"{shown(path)} has the columns {' and '.join(columns)}: which one is the translation?",
                hint="keep that one, and call the others by another name",
            )
        (column,) = columns
        if "lang" not in header and lang is None:
            raise _which_language(path, langs)
        for cells in lines:
            if not cells:
                continue
            try:
                row = by_column(header, cells)
            except ValueError as wrong:
                raise _wrong(path, lines.line_num, str(wrong)) from None
            index = row.get("caption_index") or "0"
            if not (index.isascii() and index.isdigit() and len(index) < 10):
                raise _wrong(path, lines.line_num, f"caption_index is {shown(index, 40)}")
            if row[column].strip():
                of_lang = found.setdefault(_code(row.get("lang") or lang or "", path, lines.line_num), {})
                of_lang.setdefault((row["clip_id"], int(index)), []).append(row[column])
    except csv.Error as error:
        raise _wrong(path, lines.line_num, str(error)) from None
    return found


def _of_data_set(root: Path, langs: Sequence[str]) -> References:
    found: References = {}
    for lang in langs:
        for file in sorted((root / lang).glob("*.parquet")):
            rows = read_parquet(file, error=DatasetError)
            names = rows.column_names
            if lacking := next((name for name in ("clip_id", "caption", "origin") if name not in names), None):
                raise DatasetError(f"{shown(file)} has no column {lacking!r}", hint="give a build's folder")
            for row in rows.to_pylist():
                independent = INDEPENDENT_FLAG in (row.get("flags") or ())
                if row["origin"] == HUMAN and row["caption"] and not independent:
                    found.setdefault(lang, {})[row["clip_id"], row.get("caption_index") or 0] = [row["caption"]]
    return found


def _language_of(path: Path, langs: Sequence[str]) -> str | None:
    """By the file's name, else the only one that there is."""
    if path.stem in LANGUAGES:
        return path.stem
    return langs[0] if len(langs) == 1 else None


def _code(said: str, path: Path, line: int) -> str:
    """The language of a row, in any usual spelling."""
    try:
        return language(said).code
    except RecipeError as error:
        raise _wrong(path, line, str(error)) from None


def _which_language(path: Path, langs: Sequence[str]) -> DatasetError:
    return DatasetError(
        f"{shown(path)} does not say its language",
        hint=f"call it such as {langs[0]}{path.suffix}, or give --langs {langs[0]}",
    )


def _wrong(path: Path, line: int, what: str) -> DatasetError:
    return DatasetError(f"{shown(path)}, line {line}: {what}", hint="mend or remove that line")
