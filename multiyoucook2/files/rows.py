"""Rows of the tables that people write, CSV or TSV, by the names in the first line: one rule for all who read them.

A spreadsheet gives each line as many cells as its widest has, so that empty ones stand behind the last column.
"""

from collections.abc import Sequence


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
