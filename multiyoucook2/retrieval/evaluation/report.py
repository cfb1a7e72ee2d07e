"""A page of runs: recalls per language with chance beside them, curves and bars as PNG and SVG files.

Needs matplotlib; it is imported when a report is written.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import TrainingError, install_hint
from ...files import fresh_folder, refuse_foreign, write_synced
from .compare import read_scored
from .plots import MEASURE, MEASURE_NAME, Lines, language_plot, loss_plot, recall_plot, save
from .results import chance, read_ranks
from .runfiles import evaluation_folder, read_metrics, run_names

KIND, PAGE = "report", "report.html"
TITLES = {"t2v": "text to video", "v2t": "video to text"}
_MEASURES = {"recall_at_1": "R@1", "recall_at_5": "R@5", "recall_at_10": "R@10", "median_rank": "MdR"}


def write_report(runs: Sequence[Path], out: Path) -> list[Path]:
    """Write ``report.html`` and the plots that it shows into ``out``; returns their paths, the page first.

    Raises:
        TrainingError: no matplotlib, a run without log or evaluation, or runs that cannot be compared.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise TrainingError("a report needs matplotlib", hint=install_hint("report"))
    names = run_names(runs)
    read_scored(runs)  # refuses what must not stand in one table
    logs = {name: _log(run) for name, run in zip(names, runs, strict=True)}
    scores: dict[str, Lines] = {
        name: read_ranks(evaluation_folder(run))[2]["scores"] for name, run in zip(names, runs, strict=True)
    }
    refuse_foreign(out, KIND)
    of_chance = {task: _chance(scores, task) for task in TITLES}
    plots = {
        "loss": ("Loss", loss_plot(logs)),
        "recall": (f"{MEASURE_NAME} on the scored split in training, mean over languages", recall_plot(logs)),
        **{
            f"languages-{task}": (
                f"{MEASURE_NAME} per language, {title}",
                language_plot(scores, task, of_chance[task].get(MEASURE)),
            )
            for task, title in TITLES.items()
        },
    }
    shown = [(name, title, figure) for name, (title, figure) in plots.items() if figure is not None]
    with fresh_folder(out, KIND) as folder:
        made = [file for name, _, figure in shown for file in save(figure, folder / name)]
        page = _page(scores, [(f"{name}.svg", title) for name, title, _ in shown])
        write_synced(folder / PAGE, page.encode())
    return [out / PAGE, *(out / file.name for file in made)]


def _page(scores: Mapping[str, Lines], images: Sequence[tuple[str, str]]) -> str:
    from jinja2 import Environment, PackageLoader

    tables = [
        {
            "title": title[0].upper() + title[1:],
            "rows": [(name, row) for name, rows in scores.items() for row in rows if row["task"] == task],
            "chance": _chance(scores, task),
        }
        for task, title in TITLES.items()
    ]
    signatures = [(name, row["signature"]) for name, rows in scores.items() for row in rows if row["signature"]]
    templates = Environment(loader=PackageLoader(__package__), autoescape=True)
    return templates.get_template(PAGE).render(tables=tables, measures=_MEASURES, images=images, signatures=signatures)


def _chance(scores: Mapping[str, Lines], task: str) -> dict[str, float]:
    """Empty where the pool is not known."""
    rows = [row for of in scores.values() for row in of if row["task"] == task and row.get("made")]
    return chance(rows[0]["made"].get("candidates") or rows[0]["made"]["pool"]) if rows else {}


def _log(run: Path) -> Lines:
    lines = read_metrics(run)
    if not lines:
        raise TrainingError(f"{run} holds no run with a log", hint="give folders that mycook train wrote")
    return lines
