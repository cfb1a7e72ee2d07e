"""Plots of runs: loss and recall over the steps, recall per language. matplotlib is imported when one is drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MEASURE, MEASURE_NAME = "recall_at_10", "R@10"
Lines = list[dict[str, Any]]  # of metrics.jsonl, or rows of scores.json


def loss_plot(logs: Mapping[str, Lines]) -> Any:
    """Loss of each step, a line a run."""
    figure, axes = _figure("step", "loss")
    for label, lines in zip(labels(list(logs)), logs.values(), strict=True):
        steps = [line for line in lines if line["kind"] == "step"]
        axes.plot([line["step"] for line in steps], [line["loss"] for line in steps], label=label, linewidth=1)
    _legend(axes)
    return figure


def recall_plot(logs: Mapping[str, Lines]) -> Any:
    """Mean recall of each evaluation in training; ``None`` if no run was evaluated while it trained."""
    figure, axes = _figure("step", f"{MEASURE_NAME}, %")
    for label, lines in zip(labels(list(logs)), logs.values(), strict=True):
        found = [line for line in lines if line["kind"] == "evaluation"]
        for task, style in (("t2v", "-"), ("v2t", "--")):
            points = [(line["step"], _mean(line["scores"].get(task, {}))) for line in found]
            if points:
                axes.plot(*zip(*points, strict=True), style, marker="o", markersize=3, label=f"{label} {task}")
    if not axes.lines:
        return None
    _legend(axes)
    return figure


def language_plot(scores: Mapping[str, Lines], task: str, chance: float | None) -> Any:
    """Recall per language, a bar a run, with intervals; the recall of chance, where it is known, as a line."""
    figure, axes = _figure("language", f"{MEASURE_NAME}, %")
    langs = list(dict.fromkeys(row["lang"] for rows in scores.values() for row in rows if row["task"] == task))
    width = 0.8 / len(scores)
    for number, (label, rows) in enumerate(zip(labels(list(scores)), scores.values(), strict=True)):
        of_lang = {row["lang"]: row for row in rows if row["task"] == task}
        places = [langs.index(lang) + (number - (len(scores) - 1) / 2) * width for lang in of_lang]
        heights = [row[MEASURE] for row in of_lang.values()]
        bounds = [row["intervals"].get(MEASURE, (row[MEASURE], row[MEASURE])) for row in of_lang.values()]
        errors = [
            [max(0.0, height - low) for height, (low, _) in zip(heights, bounds, strict=True)],
            [max(0.0, high - height) for height, (_, high) in zip(heights, bounds, strict=True)],
        ]
        axes.bar(places, heights, width, yerr=errors, capsize=2, label=label, error_kw={"linewidth": 0.8})
    if chance is not None:
        axes.axhline(chance, color="black", linestyle=":", linewidth=1, label="chance")
    axes.set_xticks(range(len(langs)), langs, rotation=45 if len(langs) > 12 else 0)
    _legend(axes)
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


def save(figure: Any, path: Path) -> list[Path]:
    """As PNG to look at and as SVG to print, beside one another."""
    files = [path.with_suffix(".png"), path.with_suffix(".svg")]
    for file in files:
        figure.savefig(file, dpi=120, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files


def _figure(x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _legend(axes: Any) -> None:
    """Beside the axes, so that it never lies on what is drawn."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize="small")


def _mean(by_lang: Mapping[str, Any]) -> float:
    row = by_lang.get("mean") or next(iter(by_lang.values()), {MEASURE: float("nan")})
    return float(row[MEASURE])
