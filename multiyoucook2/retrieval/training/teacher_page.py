"""A page of a study of teachers: its tables, and pictures as in the paper's analysis. Needs matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..evaluation.page import Picture, Table, write_page
from ..evaluation.plots import color_of, forest_plot, labels, legend, new_figure
from ..evaluation.table import Cell
from ..evaluation.table_text import said
from .teacher_study import Study

TITLE = "Which teachers teach best: R@10, text to video"


def write_teacher_page(study: Study, out: Path) -> list[Path]:
    """Write ``report.html`` and its pictures into ``out``; returns their paths, the page first."""
    pictures = [
        Picture("recalls", "Teachers and students per language, R@10 in percent", _recalls(study)),
        Picture("gains", f"What students gain over {study.baseline}, mean over languages", _gains(study)),
        Picture("entropy", "Gain against the entropy of the targets", _entropy(study)),
    ]
    if study.agreement:
        pictures.append(Picture("agreement", "Agreement of teachers", _agreement(study)))
    return write_page(out, TITLE, tables_of(study), pictures)


def tables_of(study: Study) -> list[Table]:
    """Recalls of teachers and students, what students gain, and agreement, as text."""
    langs = list(study.students[0].cells)
    teachers = [
        [name, *(f"{recalls[lang]:.1f}" if lang in recalls else "" for lang in langs)]
        for name, recalls in study.teachers.items()
    ]
    students = [[one.name, *(f"{cell.value:.1f}" for cell in one.cells.values())] for one in study.students]
    if study.chance is not None:
        students.append(["chance", *[f"{study.chance:.1f}"] * len(langs)])
    brief = [[name, said(overall(of), sign=True), f"{study.entropy[name]:.2f}"] for name, of in study.gains.items()]
    full = [[name, *(said(cell, sign=True) for cell in of.values())] for name, of in study.gains.items()]
    seeds = len(study.students[0].seeds)
    over = f"Gain over {study.baseline} with 95% interval over seeds and clips"
    tables = [
        Table("Teachers by themselves, R@10, text to video", ["teacher", *langs], teachers),
        Table(f"Students, mean over {seeds} seed{'s' if seeds > 1 else ''}", ["student", *langs], students),
        Table(f"{over}, mean over languages; entropy of the targets in nats", ["student", "gain", "entropy"], brief),
        Table(f"{over}, by language", ["student", *langs], full, wide=True),
    ]
    if study.agreement:
        pairs = [
            [f"{one.one}, {one.other}", _told(one.rank_correlation), _told(one.top_overlap), str(one.left_out)]
            for one in study.agreement
        ]
        columns = ["teachers", "rank correlation", "share of common top 10", "texts left out, all videos alike"]
        tables.append(Table("Agreement of teachers, mean over the English texts", columns, pairs))
    return tables


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def overall(cells: Mapping[str, Cell]) -> Cell:
    """The mean over languages; of a single language, that one."""
    return cells.get("mean") or next(iter(cells.values()))


def _recalls(study: Study) -> Any:
    """A row a teacher and a student, a column a language, the figures written in it: bars would be too many."""
    from matplotlib.figure import Figure

    langs = list(study.students[0].cells)
    rows = [
        (f"teacher {name}", [recalls.get(lang, np.nan) for lang in langs]) for name, recalls in study.teachers.items()
    ]
    rows += [(one.name, [cell.value for cell in one.cells.values()]) for one in study.students]
    if study.chance is not None:
        rows.append(("chance", [study.chance] * len(langs)))
    figure = Figure(figsize=(3 + 0.6 * len(langs), 1 + 0.3 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    _write_in_squares(axes, np.array([values for _, values in rows]), "{:.1f}")
    for line in (len(study.teachers), len(study.teachers) + 1, len(study.teachers) + len(study.students)):
        axes.axhline(line - 0.5, color="white", linewidth=4)
    axes.set_xticks(range(len(langs)), langs, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), labels([name for name, _ in rows]))
    return figure


def _gains(study: Study) -> Any:
    rows = [(name, overall(cells)) for name, cells in study.gains.items()]
    return forest_plot(rows, f"points of R@10 over {study.baseline}, with 95% interval")


def _entropy(study: Study) -> Any:
    """Each student by a number, which the legend explains, so that no name lies on another."""
    figure, axes = new_figure("entropy of the targets, nats", f"gain over {study.baseline}, points of R@10")
    names = list(study.gains)
    for number, (name, label) in enumerate(zip(names, labels(names), strict=True)):
        marker = "os^Dv<>ph*"[number // 20 % 10]
        axes.plot(study.entropy[name], overall(study.gains[name]).value, marker, color=color_of(number), label=label)
    axes.axhline(0, color="black", linewidth=0.8)
    legend(axes)
    return figure


def _agreement(study: Study) -> Any:
    """A square a pair of teachers, with its value written in it."""
    from matplotlib.figure import Figure

    names = list(study.teachers)
    size = 1.4 + 0.8 * len(names)
    figure = Figure(figsize=(2 * size + 1, size + 0.6), layout="constrained")
    for axes, title, of in zip(
        figure.subplots(1, 2),
        ("rank correlation", "share of common top 10"),
        ("rank_correlation", "top_overlap"),
        strict=True,
    ):
        square = np.eye(len(names))
        for one in study.agreement:
            a, b = names.index(one.one), names.index(one.other)
            value = getattr(one, of)
            square[a, b] = square[b, a] = np.nan if value is None else value
        _write_in_squares(axes, square, "{:.2f}", low=0)
        axes.set_xticks(range(len(names)), labels(names), rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), labels(names))
        axes.set_title(title, fontsize="medium")
    return figure


def _write_in_squares(axes: Any, values_RC: npt.NDArray[np.float64], form: str, *, low: float | None = None) -> None:
    """A square a value, the darker the higher, with the value in it; nothing is written where there is none."""
    low, high = np.nanmin(values_RC) if low is None else low, np.nanmax(values_RC)
    axes.imshow(values_RC, vmin=low, vmax=high, cmap="Blues", aspect="auto")
    for (row, column), value in np.ndenumerate(values_RC):
        if not np.isnan(value):
            color = "white" if value > low + 0.6 * (high - low) else "black"
            axes.text(column, row, form.format(value), ha="center", va="center", color=color, fontsize="small")
