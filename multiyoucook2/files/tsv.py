"""Tab-separated tables: a line a row, a tab between cells, and no quotes around them, as `cut` and `awk` read them.

A quotation mark is a letter like any other. So a cell holds no tab and no line break; and none that looks as though CSV
had quoted it is written or read, since nobody could tell which of the two it is.
"""

from ..errors import shown

_BREAKS = {"\t": "a tab", "\n": "a line break", "\r": "a line break"}


def quoted_as_csv(cell: str) -> bool:
    r"""Whether a cell can only be meant as CSV has it.

    >>> quoted_as_csv('"a ""hot"" pan"'), quoted_as_csv('a "hot" pan'), quoted_as_csv('"hot"')
    (True, False, False)
    """
    within = cell[1:-1]
    return cell[:1] == cell[-1:] == '"' and '""' in within and '"' not in within.replace('""', "")


def why_not(cell: str) -> str | None:
    """Why a text cannot be a cell, or ``None``: it can."""
    found = next((name for character, name in _BREAKS.items() if character in cell), None)
    if found:
        return f"{shown(cell, 60)} holds {found}"
    return f"{shown(cell, 60)} looks like a text that CSV has quoted" if quoted_as_csv(cell) else None
