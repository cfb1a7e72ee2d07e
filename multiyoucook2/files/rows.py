"""Rows of the tables that people write, CSV or TSV, by the names in the first line: one rule for all who read them.

A spreadsheet gives each line as many cells as its widest has, so that empty ones stand behind the last column; where
people write a comma in their numbers, it separates columns by semicolons.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

DELIMITERS = (",", ";", "\t", "|")
Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE


class Cells(Iterator[list[str]], Protocol):
    """Rows as ``csv.reader`` gives them, and the line that was read last."""

    @property
    def line_num(self) -> int: ...


def table_format(header: str, *, tsv: bool) -> tuple[str, Quoting]:
    """The delimiter that a first line has most of, and whether quotes stand around texts or are letters.

    ``tsv``: the file is called so. Its quotes are letters, unless they stand around the name of a column, too.

    >>> table_format('clip_id;"what, and how"', tsv=False)
    (';', 0)
    """
    outside_quotes = "".join(header.split('"')[::2])
    likeliest = ("\t", *DELIMITERS) if tsv else DELIMITERS  # the first, of equally many
    found = max(likeliest, key=outside_quotes.count)
    plain = tsv and found == "\t" and '"' not in header
    return found, csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL


def table_cells(text: str, path: Path) -> Cells:
    """The rows of a table that is held as text; of a file that is not called ``.csv``, tabs make it TSV.

    A ``csv.Error`` is raised where the rows are asked for, such as for a quote that is never closed.
    """
    delimiter, quoting = table_format(text.partition("\n")[0], tsv=path.suffix.lower() != ".csv")
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)


def column_names(cells: Sequence[str]) -> list[str]:
    """The names in a first line.

    >>> column_names(["clip_id", " caption", "", ""])
    ['clip_id', 'caption']
    """
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def by_column(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """A row's cells by the names of their columns; cells beyond the last name may be there, as long as they are empty.

    >>> by_column(["clip_id", "caption"], ["a", "cut it", "", " "])
    {'clip_id': 'a', 'caption': 'cut it'}

    Raises:
        ValueError: it has fewer, or a text beyond the last name; the message counts them.
    """
    missing = len(names) - len(cells)
    if missing and (missing > 0 or any(cell.strip() for cell in cells[missing:])):
        raise ValueError(f"{len(cells)} fields instead of {len(names)}")
    return dict(zip(names, cells, strict=False))
