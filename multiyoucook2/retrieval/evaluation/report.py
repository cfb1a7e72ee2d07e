"""Plots of runs: loss and recall over the steps, recall per language, as PNG files and one HTML page.

Needs matplotlib (the extra ``report``); it is imported when a report is written.
"""

import html
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import TrainingError
from ...files import fresh_folder, refuse_foreign, write_synced
from .compare import read_scored
from .results import read_ranks
from .runfiles import evaluation_folder, read_metrics, run_names

KIND = "report"
MEASURE, MEASURE_NAME = "recall_at_10", "R@10"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ccc}"
    "td:first-child,th:first-child{text-align:left}img{max-width:100%}code{font-size:.8rem}"
)


def write_report(runs: Sequence[Path], out: Path) -> list[Path]:
    """Write ``report.html`` and the plots that it shows into ``out``; returns their paths, the page first.

    Raises:
        TrainingError: no matplotlib, a run without log or evaluation, or runs that cannot be compared.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise TrainingError("a report needs matplotlib", hint="pip install 'multiyoucook2[report]'")
    names = run_names(runs)
    read_scored(runs)  # refuses what must not stand in one table
    logs = {name: _log(run) for name, run in zip(names, runs, strict=True)}
    scores = {name: _scores(run) for name, run in zip(names, runs, strict=True)}
    refuse_foreign(out, KIND)
    plots = {
        "loss.png": ("Loss", _loss_plot(logs)),
        "recall.png": (
            f"{MEASURE_NAME} on the validation split in training, mean over languages",
            _recall_plot(logs),
        ),
        **{
            f"languages-{task}.png": (f"{MEASURE_NAME} per language, {title}", _language_plot(scores, task))
            for task, title in (("t2v", "text to video"), ("v2t", "video to text"))
        },
    }
    shown = [(name, title) for name, (title, figure) in plots.items() if figure is not None]
    with fresh_folder(out, KIND) as folder:
        for name, _ in shown:
            plots[name][1].savefig(folder / name, dpi=120)
        write_synced(folder / "report.html", _page(scores, shown).encode())
    return [out / "report.html", *(out / name for name, _ in shown)]


def _loss_plot(logs: dict[str, list[dict[str, Any]]]) -> Any:
    figure, axes = _figure("step", "loss")
    for name, lines in logs.items():
        steps = [line for line in lines if line["kind"] == "step"]
        axes.plot([line["step"] for line in steps], [line["loss"] for line in steps], label=name, linewidth=1)
    axes.legend()
    return figure


def _recall_plot(logs: dict[str, list[dict[str, Any]]]) -> Any:
    """``None`` if no run was evaluated while it trained."""
    figure, axes = _figure("step", f"{MEASURE_NAME}, %")
    for name, lines in logs.items():
        found = [line for line in lines if line["kind"] == "evaluation"]
        for task, style in (("t2v", "-"), ("v2t", "--")):
            points = [(line["step"], _mean(line["scores"].get(task, {}))) for line in found]
            if points:
                axes.plot(*zip(*points, strict=True), style, marker="o", markersize=3, label=f"{name} {task}")
    if not axes.lines:
        return None
    axes.legend()
    return figure


def _language_plot(scores: dict[str, list[dict[str, Any]]], task: str) -> Any:
    figure, axes = _figure("language", f"{MEASURE_NAME}, %")
    langs = list(dict.fromkeys(row["lang"] for rows in scores.values() for row in rows if row["task"] == task))
    width = 0.8 / len(scores)
    for number, (name, rows) in enumerate(scores.items()):
        of_lang = {row["lang"]: row for row in rows if row["task"] == task}
        places = [langs.index(lang) + (number - (len(scores) - 1) / 2) * width for lang in of_lang]
        heights = [row[MEASURE] for row in of_lang.values()]
        bounds = [row["intervals"].get(MEASURE, (row[MEASURE], row[MEASURE])) for row in of_lang.values()]
        errors = [
            [max(0.0, height - low) for height, (low, _) in zip(heights, bounds, strict=True)],
            [max(0.0, high - height) for height, (_, high) in zip(heights, bounds, strict=True)],
        ]
        axes.bar(places, heights, width, yerr=errors, capsize=2, label=name, error_kw={"linewidth": 0.8})
    axes.set_xticks(range(len(langs)), langs)
    axes.legend()
    return figure


def _figure(x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _mean(by_lang: dict[str, Any]) -> float:
    row = by_lang.get("mean") or next(iter(by_lang.values()), {MEASURE: float("nan")})
    return float(row[MEASURE])


def _page(scores: dict[str, list[dict[str, Any]]], shown: Sequence[tuple[str, str]]) -> str:
    langs = list(dict.fromkeys(row["lang"] for rows in scores.values() for row in rows))
    head = "".join(f"<th>{html.escape(lang)}</th>" for lang in langs)
    tables = []
    for task, title in (("t2v", "text to video"), ("v2t", "video to text")):
        lines = []
        for name, rows in scores.items():
            found = {row["lang"]: row for row in rows if row["task"] == task}
            cells = "".join(f"<td>{found[lang][MEASURE]:.1f}</td>" if lang in found else "<td></td>" for lang in langs)
            lines.append(f"<tr><td>{html.escape(name)}</td>{cells}</tr>")
        tables.append(f"<h2>{MEASURE_NAME}, {title}, %</h2><table><tr><th>run</th>{head}</tr>{''.join(lines)}</table>")
    images = "".join(f'<h2>{html.escape(title)}</h2><img src="{name}" alt="">' for name, title in shown)
    signatures = "".join(
        f"<li><code>{html.escape(name)}: {html.escape(row['signature'])}</code></li>"
        for name, rows in scores.items()
        for row in rows
        if row["signature"]
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Retrieval runs</title><style>{_STYLE}</style>'
        f"<h1>Retrieval runs</h1>{''.join(tables)}{images}<h2>Signatures</h2><ul>{signatures}</ul></html>\n"
    )


def _log(run: Path) -> list[dict[str, Any]]:
    lines = read_metrics(run)
    if not lines:
        raise TrainingError(f"{run} holds no run with a log", hint="give folders that mycook train wrote")
    return lines


def _scores(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_ranks(evaluation_folder(run))[2]["scores"]
    return found
