"""Commands over many runs: sweep, table."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    CoresOption,
    DeviceOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    ResamplesOption,
)


def add_analysis_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (sweep, table):
        app.command()(command)


def sweep(
    file: Annotated[Path, typer.Argument(help="A YAML file: dataset, features, out, seeds, runs.")],
    device: DeviceOption = "auto",
    threads: CoresOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train several recipes under several seeds.

    Each is evaluated; those of the tiny encoder run side by side, one a core. Where it was stopped, the same command
    goes on.

    \b
    Example:
      mycook sweep sweep.yaml
    """
    from ..retrieval.training.replicates import Machine
    from ..retrieval.training.sweep import read_sweep, run_sweep
    from .tables import print_json
    from .terminal import Terminal

    plan = read_sweep(file)
    with Terminal(quiet=quiet) as listener:
        folders = run_sweep(plan, machine=Machine(device, threads, offline, side_by_side=True), listener=listener)
    if json:
        print_json([str(folder) for folder in folders])
    else:
        print("\n".join(str(folder) for folder in folders))


def table(
    runs: Annotated[
        list[Path], typer.Argument(help="Evaluated runs; those that differ in the seed alone are one row.")
    ],
    task: Annotated[str, typer.Option("--task", help="t2v or v2t.")] = "t2v",
    measure: Annotated[str, typer.Option("--measure", help="R@1, R@5 or R@10.")] = "R@10",
    style: Annotated[
        str | None, typer.Option("--format", help="text, markdown, latex or csv.", show_default="text")
    ] = None,
    resamples: ResamplesOption = 1000,
    json: JsonOption = False,
) -> None:
    """Print a table of systems.

    Means over seeds, with intervals over seeds and clips; published numbers where protocols agree, and chance.
    For people, or in markdown, LaTeX, CSV.

    \b
    Examples:
      mycook table runs/sweep/*-seed*
      mycook table runs/sweep/*-seed* --measure R@1 --format latex
    """
    from ..errors import TrainingError
    from ..retrieval.evaluation.compare import find_measure, find_task
    from ..retrieval.evaluation.table import table_of
    from ..retrieval.evaluation.table_text import deviating, rendered, rows_beside
    from .tables import print_json, print_table

    if json and style is not None:
        raise TrainingError(f"--json and --format {style} are two formats", hint="give one of the two")
    task, measure = find_task(task), find_measure(measure)
    found = table_of(runs, task=task, measure=measure, resamples=resamples)
    if json:
        rows = [{**asdict(row), "runs": [str(run) for run in row.runs]} for row in found.systems]
        beside = {"chance": found.chance, "published": found.published}
        print_json({"task": task, "measure": measure, **beside, "systems": rows})
    elif style in (None, "text"):
        cells: list[list[object]] = [
            [row.name, len(row.seeds), *map(deviating, row.cells.values())] for row in found.systems
        ]
        numbers = ["seeds", *found.columns]
        print_table(["system", *numbers], [*cells, *rows_beside(found)], numbers=numbers)
    else:
        print(rendered(found, style=style), end="")
