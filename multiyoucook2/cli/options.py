"""Options that several commands share: each is written once, so that it means the same everywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..errors import RecipeError

RecipeOption = Annotated[
    str, typer.Option("--recipe", help="Name in pipelines/datasets, or a .yaml file.", metavar="NAME")
]
LangsOption = Annotated[
    str | None, typer.Option("--langs", help="Such as de,ja; or all.", show_default="the recipe's", metavar="LANGUAGES")
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", help="See mycook models; or a folder.", show_default="the recipe's", metavar="NAME"),
]
AnnotationsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--annotations", help="Your own file in the format of the recipe's source; may be repeated.", metavar="FILE"
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="The build folder.", show_default="build/RECIPE", metavar="FOLDER")
]
LimitOption = Annotated[int | None, typer.Option("--limit", help="Only the first N clips.", metavar="N")]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", help="Parallel translators on the CPU.", show_default="usable cores", min=1, metavar="N"),
]
CoresOption = Annotated[
    int | None,
    typer.Option("--threads", help="Cores to compute on.", show_default="usable cores", min=1, metavar="N"),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.", metavar="NAME")]
RunnerOption = Annotated[str, typer.Option("--runner", help="Where batches are translated: local or ray.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Processes of the runner ray.", show_default="one a machine", min=1)
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Download nothing.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other recipe value; may be repeated.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]

DatasetArgument = Annotated[
    str, typer.Option("--dataset", help="A data set folder, or USER/NAME on the Hub.", metavar="FOLDER")
]
FeaturesArgument = Annotated[
    Path, typer.Option("--features", help="A feature store; see mycook features.", metavar="FOLDER")
]
DatasetOption = Annotated[
    str | None, typer.Option("--dataset", help="Folder or USER/NAME.", show_default="the run's", metavar="FOLDER")
]
FeaturesOption = Annotated[
    Path | None, typer.Option("--features", help="A feature store.", show_default="the run's", metavar="FOLDER")
]
PoolOption = Annotated[
    str, typer.Option("--pool", help="all, a name such as youcook2-3350, or a file of clip ids.", metavar="NAME")
]
ResamplesOption = Annotated[int, typer.Option("--resamples", help="Draws of the bootstrap.", min=1, metavar="N")]


def refuse_options(context: typer.Context, names: Sequence[str], wanted: str) -> None:
    """An option, or argument, that would be ignored is a mistake that the user should hear of."""
    called = {one.name: max(one.opts, key=len) for one in context.command.params}
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise RecipeError(
                f"{called[name] if called[name].startswith('-') else name.upper()} says nothing about {wanted}",
                hint=f"leave it out; mycook {context.command.name} --help",
            )
