"""A table of systems as markdown, LaTeX or CSV."""

import csv
import io

from ...errors import TrainingError, nearest
from .table import Cell, SystemTable

FORMATS = ("text", "markdown", "latex", "csv")


def rendered(table: SystemTable, *, style: str) -> str:
    """The table as ``markdown``, ``latex`` (booktabs) or ``csv``; a figure with its interval.

    Raises:
        TrainingError: an unknown style.
    """
    if style not in FORMATS[1:]:
        raise TrainingError(f"unknown format {style!r}", hint=nearest(style, FORMATS))
    head = ["system", "seeds", *table.columns]
    if style == "csv":
        return _csv(table)
    rows = [[one.name, str(len(one.seeds)), *map(said, one.cells.values())] for one in table.systems]
    rows += rows_beside(table)
    if style == "markdown":
        lines = [
            head,
            ["---", *["---:"] * (len(head) - 1)],
            *([cell.replace("|", r"\|") for cell in row] for row in rows),
        ]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
    body = [" & ".join(_tex(cell) for cell in line) + r" \\" for line in [head, *rows]]
    begin = [rf"\begin{{tabular}}{{lr{'r' * len(table.columns)}}}", r"\toprule", body[0], r"\midrule"]
    return "\n".join([*begin, *body[1:], r"\bottomrule", r"\end{tabular}"]) + "\n"


def rows_beside(table: SystemTable) -> list[list[str]]:
    """The rows below the systems: what others published, and chance."""
    rows = [
        [f"{name} (published)", "", *(f"{of[column]:.1f}" if column in of else "" for column in table.columns)]
        for name, of in table.published.items()
    ]
    return rows + ([["chance", "", *[f"{table.chance:.1f}"] * len(table.columns)]] if table.chance is not None else [])


def deviating(cell: Cell) -> str:
    """A figure with the deviation of the seeds, if there are several."""
    return f"{cell.value:.1f}" + ("" if cell.deviation is None else f" ± {cell.deviation:.1f}")


def said(cell: Cell, *, sign: bool = False) -> str:
    """A figure with its interval; ``sign``: of a difference, with ``+`` where it is above 0."""
    plus = "+" if sign else ""
    return f"{cell.value:{plus}.1f} [{cell.low:{plus}.1f}, {cell.high:{plus}.1f}]"


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {letter: f"\\{letter}" for letter in "&%$#_{}"}


def _tex(text: str) -> str:
    """Text as LaTeX shows it; behind a row's end, ``[`` and ``*`` would be read as the end's own."""
    found = "".join(_TEX.get(letter, letter) for letter in text)
    return f"{{{found[0]}}}{found[1:]}" if found[:1] in ("[", "*") else found


def _csv(table: SystemTable) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["system", "seeds", "language", "value", "deviation", "low", "high"])
    for system in table.systems:
        for column in table.columns:
            cell = system.cells[column]
            of_cell = (cell.value, cell.deviation, cell.low, cell.high)
            figures = ("" if figure is None else f"{figure:.4f}" for figure in of_cell)
            writer.writerow([system.name, len(system.seeds), column, *figures])
    beside = {f"{name} (published)": of for name, of in table.published.items()}
    if table.chance is not None:
        beside["chance"] = dict.fromkeys(table.columns, table.chance)
    for name, of in beside.items():
        for column in table.columns:
            if column in of:
                writer.writerow([name, "", column, f"{of[column]:.4f}", "", "", ""])
    return sink.getvalue()
