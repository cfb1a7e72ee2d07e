"""Marked rows: what a reader said of translations, whether the caption's meaning is kept. A table of a user's own."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetError, RecipeError, nearest, shown
from ..files import by_column, column_names, read_text, table_cells
from ..languages import language

_KEPT = {"yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


@dataclass(frozen=True)
class Mark:
    """One row that was read. ``text`` is what was read; ``None``: what the build says now."""

    clip_id: str
    caption_index: int
    lang: str
    text: str | None
    kept: bool


def read_marks(path: Path, langs: Sequence[str]) -> list[Mark]:
    """The marks of a TSV or CSV file with the columns ``clip_id`` and ``kept`` (yes or no).

    Also read are ``lang``, which a build of one language can do without, ``caption_index`` and ``text``.

    Raises:
        DatasetError: it cannot be read, lacks a column, or a row is wrong; the message names the row.
    """
    try:
        text = read_text(path, error=DatasetError)
    except OSError as error:
        raise DatasetError(f"{shown(path)} cannot be read: {error.strerror}", hint="give a readable file") from None
    reader = table_cells(text, path)
    needed = ("clip_id", "kept") if len(langs) == 1 else ("clip_id", "kept", "lang")
    try:
        names = column_names(next(reader, []))
        for name in needed:
            if name not in names:
                raise DatasetError(f"{shown(path)} has no column {name!r}", hint=nearest(name, names))
        return [_mark(names, cells, langs, f"{shown(path)}, line {reader.line_num}") for cells in reader if cells]
    except csv.Error as error:
        raise DatasetError(f"{shown(path)}, line {reader.line_num}: {error}", hint="save it as TSV or CSV") from None


def _mark(names: Sequence[str], cells: Sequence[str], langs: Sequence[str], where: str) -> Mark:
    try:
        row = by_column(names, cells)
    except ValueError as wrong:
        raise DatasetError(f"{where}: {wrong}", hint="a text with the delimiter in it needs quotes") from None
    kept, index = row["kept"].strip().lower(), row.get("caption_index") or "0"
    if kept not in _KEPT:
        raise DatasetError(f"{where}: kept is {kept!r}", hint="yes where the meaning is kept, no where it is not")
    if not (index.isascii() and index.isdigit() and len(index) < 10):
        raise DatasetError(f"{where}: caption_index is {index!r}", hint="a whole number from 0")
    try:
        lang = language(row.get("lang") or (langs[0] if len(langs) == 1 else "")).code
    except RecipeError as error:
        raise DatasetError(f"{where}: {error}", hint=error.hint) from None
    if lang not in langs:
        raise DatasetError(f"{where}: {lang!r} is no language of this build", hint=f"it has {', '.join(langs)}")
    return Mark(row["clip_id"], int(index), lang, row.get("text") or None, _KEPT[kept])
