"""A page of runs: measures per language with chance beside them, what may be chance, their teachers, curves and bars.

Needs matplotlib; it is imported when a report is written.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import TrainingError
from .compare import MEASURES, Difference, compare_runs, read_scored
from .page import Picture, Table, require_plots, write_page
from .plots import MEASURE_NAME, Lines, language_plot, loss_plot, recall_plot
from .results import chance_of, read_ranks
from .runfiles import evaluation_folder, read_metrics, read_run, run_names
from .signature import Signature, shared_lines

TITLES = {"t2v": "text to video", "v2t": "video to text"}
COLUMNS = {**{field: word for word, field in MEASURES.items()}, "median_rank": "MdR"}
LEVEL = 0.05  # of significance


def write_report(runs: Sequence[Path], out: Path) -> list[Path]:
    """Write ``report.html`` and its pictures into ``out``; returns their paths, the page first.

    Teachers of the runs that were scored over the same clips and queries stand beside them.

    Raises:
        TrainingError: no matplotlib, a run without log or evaluation, or runs that cannot be compared.
    """
    require_plots(out)
    names = run_names(runs)
    read_scored(runs)  # refuses what must not stand in one table
    logs = {name: _log(run) for name, run in zip(names, runs, strict=True)}
    teachers = _teachers(runs, names)
    shown = {**dict(zip(names, runs, strict=True)), **teachers}
    scores: dict[str, Lines] = {name: read_ranks(evaluation_folder(run))[2]["scores"] for name, run in shown.items()}
    of_chance = {task: chance_of((row for of in scores.values() for row in of), task) for task in TITLES}
    differences = compare_runs(list(shown.values())) if len(shown) > 1 else []
    tables = [_scores_table(scores, task, of_chance[task]) for task in TITLES]
    tables += [_differences_table(differences, task, list(shown)) for task in TITLES if differences]
    pictures = [
        Picture(
            f"languages-{task}",
            f"Per language, {title}",
            language_plot(scores, task, of_chance[task], faint=list(teachers)),
        )
        for task, title in TITLES.items()
    ]
    pictures.append(Picture("loss", "Loss", loss_plot(logs)))
    curves = recall_plot(logs)
    if curves is not None:
        title = f"{MEASURE_NAME} on the scored split in training, mean over languages"
        pictures.append(Picture("recall", title, curves))
    return write_page(out, "Retrieval runs", tables, pictures, _signatures(scores))


def _teachers(runs: Sequence[Path], names: Sequence[str]) -> dict[str, Path]:
    """The runs' teachers that are scored over the same, each once, by a name of their own."""
    found: dict[Path, str] = {}
    for run in runs:
        about = read_run(run)
        for folder in map(Path, about.teachers if about else ()):
            if folder.is_dir() and folder.resolve() not in {path.resolve() for path in [*runs, *found]}:
                try:
                    read_scored([runs[0], folder])
                except TrainingError:  # not evaluated, or over other clips
                    continue
                found[folder] = f"teacher {folder.name}"
    double = len(set(found.values())) < len(found) or set(found.values()) & set(names)
    return {f"teacher {folder}" if double else name: folder for folder, name in found.items()}


def _scores_table(scores: Mapping[str, Lines], task: str, of_chance: Mapping[str, float]) -> Table:
    rows = [
        [name, row["lang"], *(_figure(row, measure) for measure in COLUMNS)]
        for name, of in scores.items()
        for row in of
        if row["task"] == task
    ]
    if of_chance:
        rows.append(["chance", "", *(f"{of_chance[measure]:.1f}" for measure in COLUMNS)])
    title = f"{TITLES[task].capitalize()}: recall in percent with 95% interval, median rank"
    return Table(title, ["run", "language", *COLUMNS.values()], rows, words=2)


def _figure(row: Mapping[str, Any], measure: str) -> str:
    low, high = row["intervals"].get(measure, (None, None))
    return f"{row[measure]:.1f}" + (f" [{low:.1f}, {high:.1f}]" if low is not None else "")


def _differences_table(differences: Sequence[Difference], task: str, names: Sequence[str]) -> Table:
    """Rows of a run and language; a star where chance alone would seldom give as much."""
    found: dict[tuple[str, str], dict[str, Difference]] = {}
    for one in differences:
        if one.task == task:
            found.setdefault((one.run, one.lang), {})[one.measure] = one
    folders = list(dict.fromkeys(run for run, _ in found))
    shown = dict(zip(folders, names[1:], strict=True))
    rows = [
        [shown[run], lang, *(_difference(of[measure]) for measure in MEASURES.values())]
        for (run, lang), of in found.items()
    ]
    title = (
        f"{TITLES[task].capitalize()}: difference from {names[0]}; * p < {LEVEL:g}, paired bootstrap, each by itself"
    )
    return Table(title, ["run", "language", *MEASURES], rows, words=2)


def _difference(one: Difference) -> str:
    star = "*" if one.p < LEVEL else ""
    return f"{one.difference:+.1f}{star} [{one.low:+.1f}, {one.high:+.1f}]"


def _signatures(scores: Mapping[str, Lines]) -> list[str]:
    """What all scores agree in, once; then what single ones say besides."""
    found = {
        (row["task"], row["lang"] if len(scores) == 1 else f"{row['lang']} of {name}"): Signature.from_dict(row["made"])
        for name, rows in scores.items()
        for row in rows
        if row.get("made")
    }
    return shared_lines(found)


def _log(run: Path) -> Lines:
    lines = read_metrics(run)
    if not lines:
        raise TrainingError(f"{run} holds no run with a log", hint="give folders that mycook train wrote")
    return lines
