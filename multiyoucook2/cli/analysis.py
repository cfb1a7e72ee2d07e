"""Commands over many runs: sweep, table, teachers."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import (
    CoresOption,
    DatasetArgument,
    DeviceOption,
    FeaturesArgument,
    JsonOption,
    OfflineOption,
    QuietOption,
    ResamplesOption,
)


def add_analysis_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (sweep, table, teachers):
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

    One after another, each evaluated. Where it was stopped, the same command goes on.

    \b
    Example:
      mycook sweep sweep.yaml
    """
    from ..retrieval.training.sweep import read_sweep, run_sweep
    from .tables import print_json
    from .terminal import Terminal

    plan = read_sweep(file)
    with Terminal(quiet=quiet) as listener:
        folders = run_sweep(plan, device=device, threads=threads, offline=offline, listener=listener)
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
    style: Annotated[str, typer.Option("--format", help="text, markdown, latex or csv.")] = "text",
    resamples: ResamplesOption = 1000,
    json: JsonOption = False,
) -> None:
    """Print a table of systems.

    Means over seeds, with intervals over seeds and clips, and chance; for people, or in markdown, LaTeX, CSV.

    \b
    Examples:
      mycook table runs/sweep/*-seed*
      mycook table runs/sweep/*-seed* --measure R@1 --format latex
    """
    from ..retrieval.evaluation.compare import find_measure, find_task
    from ..retrieval.evaluation.table import rendered, table_of
    from .tables import print_json, print_table

    task, measure = find_task(task), find_measure(measure)
    systems, chance = table_of(runs, task=task, measure=measure, resamples=resamples)
    if json:
        rows: list[dict[str, Any]] = [{**asdict(row), "runs": [str(run) for run in row.runs]} for row in systems]
        print_json({"task": task, "measure": measure, "chance": chance.get(measure), "systems": rows})
    elif style == "text":
        columns = list(systems[0].cells)
        cells = [
            [row.name, len(row.seeds), *(f"{cell.value:.1f} ± {cell.deviation:.1f}" for cell in row.cells.values())]
            for row in systems
        ]
        if measure in chance:
            cells.append(["chance", "", *[f"{chance[measure]:.1f}"] * len(columns)])
        print_table(["system", "seeds", *columns], cells, numbers=["seeds", *columns])
    else:
        print(rendered(systems, chance.get(measure), style=style), end="")


def teachers(
    dataset: DatasetArgument,
    features: FeaturesArgument,
    recipe: Annotated[str, typer.Option("--recipe", help="Of the students; its teachers are compared.")] = "c2kd-tiny",
    names: Annotated[
        str | None, typer.Option("--teachers", help="Names of some of them, a,b.", show_default="all")
    ] = None,
    combinations: Annotated[str, typer.Option("--combinations", help="all or alone.")] = "all",
    reduces: Annotated[str, typer.Option("--reduces", help="Some of max,min,mean.")] = "max",
    seeds: Annotated[str, typer.Option("--seeds", help="Such as 0,1,2.")] = "0",
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path("runs/teachers"),
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any recipe value; may be repeated.")
    ] = None,
    device: DeviceOption = "auto",
    threads: CoresOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find which teachers teach best.

    A student after each combination of them, beside translate-train.

    Killed, the same command goes on. Teachers are trained once for all students.

    \b
    Example:
      mycook teachers --dataset build/mini/dataset --features build/mini/features --reduces max,mean --seeds 0,1
    """
    from ..errors import RecipeError
    from ..retrieval.recipe import training_recipe
    from ..retrieval.training.teacher_study import study_teachers
    from ..settings import set_values
    from . import printing_training as printing_train
    from .tables import print_json
    from .terminal import Terminal

    chosen = _parts(seeds)
    if not chosen or not all(seed.isdecimal() for seed in chosen):
        raise RecipeError(f"--seeds {seeds!r} are no whole numbers", hint="such as 0,1,2")
    with Terminal(quiet=quiet) as listener:
        found = study_teachers(
            training_recipe(recipe, set_values(values or [])),
            dataset=dataset, features=features, out=out, teachers=_parts(names) if names else None,
            reduces=_parts(reduces), which=combinations, seeds=[int(seed) for seed in chosen], device=device,
            threads=threads, offline=offline, listener=listener,
        )  # fmt: skip
    if json:
        print_json(found.to_dict())
    else:
        printing_train.teacher_study(found)
        print(out / "report/report.html")


def _parts(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
