"""Results on stdout: one JSON document, or a table for people."""

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from ..errors import shown

PIPED_WIDTH = 120


def print_json(value: object) -> None:
    """The one JSON document that ``--json`` promises, with escapes where stdout cannot show every script."""
    from ..files import json_text

    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json_text(value, ensure_ascii=not unicode, indent=1))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> None:
    """A table on stdout; the columns in ``numbers`` are set to the right, the first column is never broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        side: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(name, justify=side, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(shown(_cell(value)) for value in row))
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        if text := line.rstrip():
            print(text)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
