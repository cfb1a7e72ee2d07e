"""CSV and TSV, with a header: the delimiter is the one that the header has most of, the encoding UTF-8 unless named.

In CSV quotes stand around a text that holds the delimiter, a line break or a quote. In a file called ``.tsv`` they are
letters (see :mod:`multiyoucook2.files.tsv`), unless they stand around the name of a column, too.
"""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ...errors import SourceError
from ...files import DELIMITERS, Quoting, by_column, column_names, table_format
from ...files.tsv import quoted_as_csv
from ..archive import require_file
from .base import Row, Rows

SUFFIXES = (".csv", ".tsv", ".txt")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_A_TABLE = "a table has a line of column names, such as clip_id,caption, and a line a caption"
_NOTHING = "".join((*DELIMITERS, '" \r\n'))  # of which lines above a spreadsheet's table are made
_LONGEST_HEADER = 100_000  # characters
_LONGEST_FIELD = 10_000_000  # characters; a quote that is never closed swallows a whole file


def read_delimited(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Rows:
    """Rows of a table of texts, by line of the file; a wrong number of fields is the row's fault, not the file's.

    Args:
        delimiter: where it is known, as in a data set of the Hub; quotes are those of CSV then, also in ``.tsv``.

    Raises:
        SourceError: no such encoding, not in it, or an empty file.
    """
    require_file(path)
    encoding = encoding or _marked(path) or "utf-8"
    try:
        "".encode(encoding)
    except (LookupError, ValueError):  # unknown, or not of texts, such as hex
        raise SourceError(
            f"unknown encoding {encoding!r}", hint="such as utf-8, utf-16, cp1252, gb18030 or shift_jis"
        ) from None
    with path.open(encoding=encoding, newline="") as file:
        header = _header(file, path, encoding).removeprefix("\ufeff")  # a mark stays where an encoding was named
    found, quoting = table_format(header, tsv=path.suffix.lower() == ".tsv")
    if delimiter is not None:
        found, quoting = delimiter, csv.QUOTE_MINIMAL
    try:
        names = column_names(next(csv.reader([header], delimiter=found, quoting=quoting)))
    except csv.Error as error:
        raise SourceError(f"{path} is no table of texts: its first line: {error}", hint=_A_TABLE) from None
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SourceError(f"{path} has the column {doubled[0]!r} twice", hint="rename one in the first line")
    return Rows(names, _rows(path, encoding, found, quoting, names), unit="line")


def _rows(path: Path, encoding: str, delimiter: str, quoting: Quoting, names: list[str]) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, quoting=quoting, strict=True)
        header = True
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader, None)
            except UnicodeDecodeError as error:
                raise _not_in(encoding, path, error) from None
            except csv.Error as error:
                if "expected after" not in str(error):
                    raise _no_table(path, line, error) from None
                yield line, f"{error}: a quote within a text is doubled"
                continue
            if fields is None:
                return
            if not fields:  # an empty line is none
                continue
            if header:
                header = not "".join(fields).strip(_NOTHING)  # as in _header
            else:
                yield line, _row(names, fields, delimiter, plain=quoting == csv.QUOTE_NONE)


def _row(names: list[str], fields: list[str], delimiter: str, *, plain: bool) -> dict[str, str] | str:
    """A row by the names of its columns, or what is wrong with it."""
    if plain and any(map(quoted_as_csv, fields)):
        return "it has a text in quotes, as CSV has it, while in .tsv a quote is a letter: name the file .csv"
    try:
        return by_column(names, fields)
    except ValueError as wrong:
        in_tsv = "in .tsv holds no tab or line break; where such texts are quoted, name the file .csv"
        return f"{wrong}: a text {in_tsv if plain else f'with {delimiter!r} in it needs quotes'}"


def _no_table(path: Path, line: int, error: csv.Error) -> SourceError:
    if "end of data" in str(error):
        return SourceError(
            f"{path}: the quote that is opened on line {line} is never closed",
            hint="close it; a quote within a text is doubled",
        )
    return SourceError(f"{path} is no table of texts from line {line} on: {error}")


def _header(file: TextIO, path: Path, encoding: str) -> str:
    try:
        while line := file.readline(_LONGEST_HEADER):
            if len(line) == _LONGEST_HEADER:
                raise SourceError(
                    f"{path} is no table of texts: its first line has over {_LONGEST_HEADER:,} characters",
                    hint=_A_TABLE,
                )
            if line.strip(_NOTHING):
                return line
    except UnicodeError as error:
        raise _not_in(encoding, path, error) from None
    raise SourceError(f"{path} is empty", hint=_A_TABLE)


def _marked(path: Path) -> str | None:
    """The encoding that a byte order mark gives away, as spreadsheets write it."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def _not_in(encoding: str, path: Path, error: UnicodeError) -> SourceError:
    """The line is found in the bytes: the decoder reads ahead."""
    line = 1
    with path.open("rb") as file:
        for line, raw in enumerate(file, 1):  # noqa: B007
            try:
                raw.decode(encoding if encoding != "utf-16" else "latin-1")
            except UnicodeError as wrong:
                error = wrong
                break
    byte = f" (byte {error.object[error.start]:#04x})" if isinstance(error, UnicodeDecodeError) else ""
    return SourceError(
        f"{path} is not in {encoding}: line {line}{byte}",
        hint="save it as UTF-8, or, of --captions, name its encoding: --encoding cp1252 (Western Windows), gb18030 "
        "(Chinese) or utf-16",
    )
