"""``mycook repair``: a finished build's doubtful rows go up the ladder again. Heavy imports are late."""

from pathlib import Path
from typing import Annotated

import typer

from .options import DeviceOption, JsonOption, OfflineOption, QuietOption, ThreadsOption


def add_repair_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(repair)


def repair(
    folder: Annotated[Path, typer.Argument(metavar="BUILD", help="A build folder, such as build/mini.")],
    engine: Annotated[
        str | None, typer.Option("--engine", help="A second engine, for what the first cannot mend.")
    ] = None,
    below: Annotated[
        float | None, typer.Option("--below", help="Mend rows of less quality.", min=0, max=1, metavar="Q")
    ] = None,
    candidates: Annotated[
        int | None, typer.Option("--candidates", help="Outputs to choose from.", min=2, max=64, metavar="N")
    ] = None,
    ways: Annotated[
        str | None, typer.Option("--ways", help="What is tried: n-best,parts,recased,decoding,context.")
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate the doubtful rows of a build again.

    In other ways, and where --engine is given by a second engine; the best is kept, and the data set published anew.
    The build's recipe remembers what was asked; what was translated once is not translated again.

    \b
    Examples:
      mycook repair build/mini
      mycook repair build/mini --candidates 16 --ways n-best,parts,recased,decoding,context
      mycook repair build/mini --engine madlad400-3b
    """
    from ..building.mending import repair_build
    from .tables import print_json, print_table
    from .terminal import Terminal

    asked: dict[str, object] = {"engine": engine, "below": below, "candidates": candidates}
    asked["ways"] = [way.strip() for way in ways.split(",")] if ways is not None else None
    given = {name: value for name, value in asked.items() if value is not None}
    with Terminal(quiet=quiet) as listener:
        rows = repair_build(folder, given, device=device, threads=threads, offline=offline, listener=listener)
    if json:
        print_json({"out": str(folder), "languages": {lang: row.as_json() for lang, row in rows.items()}})
        return
    shown = [
        (lang, row.rows, row.repaired, ", ".join(f"{way} {count:,}" for way, count in row.ways.items()),
         row.refused_before, row.refused, _share(row.kept_before), _share(row.kept))
        for lang, row in rows.items()
    ]  # fmt: skip
    names = ("language", "rows", "repaired", "by", "refused before", "refused", "quality before", "quality")
    print_table(names, shown, numbers=("rows", "repaired", "refused before", "refused"))
    if uncalibrated := sum(row.uncalibrated for row in rows.values()):
        print(f"{uncalibrated:,} rows are uncalibrated: min_quality refuses none of them unasked (docs/quality.md)")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
