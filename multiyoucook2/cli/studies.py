"""Studies of many runs: ``mycook teachers`` and ``mycook study quality``. Heavy imports are in functions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    CoresOption,
    DatasetArgument,
    DeviceOption,
    FeaturesArgument,
    JsonOption,
    OfflineOption,
    PoolOption,
    QuietOption,
)
from .parts import numbers, parts

if TYPE_CHECKING:
    from ..retrieval.evaluation.page import Table
    from ..retrieval.training.quality_study import QualityStudy
    from ..retrieval.training.teacher_study import Study

study_app = typer.Typer(name="study", help="Studies of what retrieval depends on.", no_args_is_help=True)

SeedsOption = Annotated[str, typer.Option("--seeds", help="Such as 0,1,2.", metavar="NUMBERS")]
_OVERRULED = {  # recipe values that a study gives its runs itself -> how to say them
    "seed": "--seeds 0,1 says them all",
    "name": "leave it out: runs are called by what they differ in",
}
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any recipe value; may be repeated.")
]


def add_study_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    app.command()(teachers)
    app.add_typer(study_app)


def teachers(
    dataset: DatasetArgument,
    features: FeaturesArgument,
    recipe: Annotated[str, typer.Option("--recipe", help="Of the students; its teachers are compared.")] = "c2kd-tiny",
    names: Annotated[
        str | None, typer.Option("--teachers", help="Names of some of them, a,b.", show_default="all")
    ] = None,
    combinations: Annotated[str, typer.Option("--combinations", help="all, alone, or some: a+b,a+b+c.")] = "all",
    reduces: Annotated[str, typer.Option("--reduces", help="Some of max,min,mean.")] = "max",
    seeds: SeedsOption = "0",
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path("runs/teachers"),
    values: SetOption = None,
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
    from ..retrieval.evaluation.page import require_plots
    from ..retrieval.recipe import training_recipe
    from ..retrieval.training.replicates import Machine, refuse_overruled
    from ..retrieval.training.teacher_page import tables_of, write_teacher_page
    from ..retrieval.training.teacher_study import study_teachers
    from ..settings import set_values
    from .terminal import Terminal

    given = set_values(values or [])
    refuse_overruled(given, {**_OVERRULED, "reduce": "--reduces max,mean says them all"}, "--set")
    require_plots(out / "report")
    with Terminal(quiet=quiet) as listener:
        found = study_teachers(
            training_recipe(recipe, given),
            dataset=dataset, features=features, out=out, teachers=parts(names) if names else None,
            reduces=parts(reduces), which=combinations, seeds=numbers(seeds, "--seeds", int),
            machine=Machine(device, threads, offline, side_by_side=True), listener=listener,
        )  # fmt: skip
    page = write_teacher_page(found, out / "report")[0]
    _print(found, tables_of(found), page, json=json)


@study_app.command("quality")
def quality(
    dataset: DatasetArgument,
    features: FeaturesArgument,
    recipe: Annotated[str, typer.Option("--recipe", help="Of the models.")] = "translate-train-tiny",
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against", metavar="NAME=FOLDER", help="Another data set of the clips to train on; may be repeated."
        ),
    ] = None,
    bins: Annotated[
        str, typer.Option("--bins", help="Where quality is cut, within 0 and 1.", metavar="NUMBERS")
    ] = "0.25,0.5,0.75",
    measure: Annotated[str, typer.Option("--measure", help="R@1, R@5 or R@10.")] = "R@10",
    pool: PoolOption = "all",
    seeds: SeedsOption = "0,1,2",
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path("runs/quality"),
    values: SetOption = None,
    device: DeviceOption = "auto",
    threads: CoresOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what a better translation buys.

    Recall by the quality of the translation that asks, beside the English captions of the same clips; and recall by
    what is trained on: every translation, those that the checks accept, as many left out at random, other data sets.

    Killed, the same command goes on.

    \b
    Examples:
      mycook study quality --dataset build/mini/dataset --features build/mini/features
      mycook study quality --dataset build/x/dataset --features features/s3d --against unrepaired=build/y/dataset
    """
    from ..errors import RecipeError
    from ..retrieval.evaluation.compare import find_measure
    from ..retrieval.evaluation.page import require_plots
    from ..retrieval.recipe import training_recipe
    from ..retrieval.training.quality_page import tables_of, write_quality_page
    from ..retrieval.training.quality_study import study_quality
    from ..retrieval.training.replicates import Machine, refuse_overruled
    from ..settings import set_values
    from .terminal import Terminal

    given = set_values(values or [])
    both_ways = "leave it out: the study trains with what the checks refuse and without"
    refuse_overruled(given, {**_OVERRULED, "accepted_only": both_ways}, "--set")
    others = dict(one.partition("=")[::2] for one in against or [])
    if not all(others.values()) or len(others) < len(against or []):
        raise RecipeError("--against wants a name and a folder, each name once", hint="--against NAME=FOLDER")
    require_plots(out / "report")
    with Terminal(quiet=quiet) as listener:
        found = study_quality(
            training_recipe(recipe, given),
            dataset=dataset, features=features, out=out, against=others, bins=numbers(bins, "--bins", float),
            measure=find_measure(measure), pool=pool, seeds=numbers(seeds, "--seeds", int),
            machine=Machine(device, threads, offline, side_by_side=True), listener=listener,
        )  # fmt: skip
    page = write_quality_page(found, out / "report")[0]
    _print(found, tables_of(found), page, json=json)


def _print(found: "Study | QualityStudy", tables: "list[Table]", page: Path, *, json: bool) -> None:
    """What was found as JSON; or the tables of its page that fit a terminal, then where that is."""
    from .tables import print_json, print_table

    if json:
        print_json(found.to_dict())
        return
    for table in (table for table in tables if not table.wide):
        print(table.title)
        print_table(table.columns, table.rows, numbers=table.columns[table.words :])
    print(page)
