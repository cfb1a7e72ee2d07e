"""Plots of runs: loss and recall over the steps, measures per language. matplotlib is imported when one is drawn."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .table import Cell

MEASURE, MEASURE_NAME = "recall_at_10", "R@10"
SHOWN = {"recall_at_1": "R@1, %", "recall_at_5": "R@5, %", "recall_at_10": "R@10, %", "median_rank": "median rank"}
Lines = list[dict[str, Any]]  # of metrics.jsonl, or rows of scores.json


def loss_plot(logs: Mapping[str, Lines]) -> "Figure":
    """Loss of each step, a line a run."""
    figure, axes = new_figure("step", "loss")
    for label, lines in zip(labels(list(logs)), logs.values(), strict=True):
        steps = [line for line in lines if line["kind"] == "step"]
        axes.plot([line["step"] for line in steps], [line["loss"] for line in steps], label=label, linewidth=1)
    legend(axes)
    return figure


def recall_plot(logs: Mapping[str, Lines]) -> "Figure | None":
    """Mean recall of each evaluation in training; ``None`` if no run was evaluated while it trained."""
    figure, axes = new_figure("step", f"{MEASURE_NAME}, %")
    for label, lines in zip(labels(list(logs)), logs.values(), strict=True):
        found = [line for line in lines if line["kind"] == "evaluation"]
        for task, style in (("t2v", "-"), ("v2t", "--")):
            points = [(line["step"], _mean(line["scores"].get(task, {}))) for line in found]
            if points:
                axes.plot(*zip(*points, strict=True), style, marker="o", markersize=3, label=f"{label} {task}")
    if not axes.lines:
        return None
    legend(axes)
    return figure


def language_plot(
    scores: Mapping[str, Lines], task: str, chance: Mapping[str, float], *, faint: Collection[str] = ()
) -> "Figure":
    """Recalls and median rank per language, a panel a measure, a bar a run, with intervals; chance as a line.

    Args:
        scores: by name of the run; chance: by measure, of those for which it is known.
        faint: names to draw faintly, such as teachers beside their students.
    """
    from matplotlib.figure import Figure

    langs = list(dict.fromkeys(row["lang"] for rows in scores.values() for row in rows if row["task"] == task))
    width = 0.8 / len(scores)
    figure = Figure(figsize=(max(10, 0.11 * len(langs) * len(scores)), 7.5), layout="constrained")
    panels = figure.subplots(2, 2)
    for axes, (measure, title) in zip(panels.flat, SHOWN.items(), strict=True):
        for number, (name, label) in enumerate(zip(scores, labels(list(scores)), strict=True)):
            rows = {row["lang"]: row for row in scores[name] if row["task"] == task}
            places = [langs.index(lang) + (number - (len(scores) - 1) / 2) * width for lang in rows]
            heights = [row[measure] for row in rows.values()]
            bounds = [row["intervals"].get(measure, (row[measure], row[measure])) for row in rows.values()]
            errors = spread(heights, bounds)
            axes.bar(
                places, heights, width, yerr=errors if any(map(any, errors)) else None, label=label,
                alpha=0.4 if name in faint else 1, color=color_of(number), error_kw={"linewidth": 0.8}, capsize=1.5,
            )  # fmt: skip
        if measure in chance:
            axes.axhline(chance[measure], color="black", linestyle=":", linewidth=1, label="chance")
        if measure == "median_rank":
            axes.set_yscale("log")
            axes.set_ylim(bottom=1)
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
        axes.set_ylabel(title)
        axes.set_xticks(range(len(langs)), langs, rotation=45, ha="right", rotation_mode="anchor")
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize="small")
    return figure


def forest_plot(rows: Sequence[tuple[str, "Cell"]], x: str, *, axes: Any = None) -> Any:
    """Figures with their intervals, a line each, from top to bottom, beside a line at zero; returns the figure."""
    figure = axes.figure if axes is not None else None
    if axes is None:
        figure, axes = new_figure(x, "", height=1.2 + 0.3 * len(rows))
    places = list(range(len(rows)))[::-1]
    values = [cell.value for _, cell in rows]
    axes.errorbar(
        values,
        places,
        xerr=spread(values, [(cell.low, cell.high) for _, cell in rows]),
        fmt="o",
        capsize=2,
        markersize=4,
    )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, labels([name for name, _ in rows]))
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlabel(x)
    axes.grid(axis="x", alpha=0.3)
    return figure


def labels(names: Sequence[str]) -> list[str]:
    """Names of runs as matplotlib can draw them: no mathematics between dollars, none hidden for its ``_``, no letter
    that the font lacks; different names stay different."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    known = FT2Font(findfont(FontProperties())).get_charmap()
    found: list[str] = []
    for name in names:
        label = "".join(letter if ord(letter) in known else "?" for letter in name).replace("$", r"\$")
        label = f" {label}" if label.startswith("_") else label
        found.append(label if label not in found else f"{label} ({len(found) + 1})")
    return found


def color_of(number: int) -> Any:
    """The colour of a run: the first twenty differ."""
    from matplotlib import colormaps

    return colormaps["tab20"]((2 * number + number // 10) % 20)


def spread(values: Sequence[float], bounds: Sequence[Sequence[float]]) -> list[list[float]]:
    """Lower and upper bounds as matplotlib wants them: how far they lie from the values, never below 0."""
    below = [max(0.0, value - low) for value, (low, _) in zip(values, bounds, strict=True)]
    return [below, [max(0.0, high - value) for value, (_, high) in zip(values, bounds, strict=True)]]


def new_figure(x: str, y: str, *, width: float = 8, height: float = 4) -> "tuple[Figure, Axes]":
    """A figure with one pair of axes; inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def legend(axes: "Axes") -> None:
    """Beside the axes, so that it never lies on what is drawn."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize="small")


def _mean(by_lang: Mapping[str, Mapping[str, float]]) -> float:
    row = by_lang.get("mean") or next(iter(by_lang.values()), {MEASURE: float("nan")})
    return float(row[MEASURE])
