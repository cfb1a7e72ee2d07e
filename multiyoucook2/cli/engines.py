"""The commands about single engines: what a model on the Hub or in a folder is, and how good its shortlist."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from .options import DeviceOption, JsonOption, LimitOption, OfflineOption, QuietOption


def add_engine_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    group = typer.Typer(no_args_is_help=True, help="What a translation model on the Hub or in a folder is.")
    group.command("find")(find_engine)
    app.add_typer(group, name="engines")
    app.command("vocabulary-map")(vocabulary_map)


def find_engine(
    engine: Annotated[
        str,
        typer.Argument(
            help="OWNER/NAME[@REVISION] of the Hub, a folder, a zip of OPUS-MT, or a name.",
            metavar="ENGINE",
        ),
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody.")] = False,
    json: JsonOption = False,
) -> None:
    """Say what a model is, before anything large is downloaded.

    Family, languages, licence, size; and the reason, where it cannot be used.

    \b
    Examples:
      mycook engines find facebook/nllb-200-distilled-600M
      mycook engines find path/to/folder --json
      mycook engines find opus-mt-tc-big
    """
    from ..engines.find import find
    from ..files import cache_root
    from . import printing

    found = dataclasses.asdict(find(engine, cache_dir=cache_root(), offline=offline))
    if not json:
        found["languages"] = " ".join(found["languages"][:30]) + (" ..." if len(found["languages"]) > 30 else "")
        found["known_as"] = " ".join(found["known_as"])
        found = {name: value for name, value in found.items() if value not in ("", None)}
    printing.record(found, as_json=json)
    if found.get("refused"):
        raise typer.Exit(1)


def vocabulary_map(
    engine: Annotated[str, typer.Argument(help="See mycook models; or a folder.")],
    lang: Annotated[str, typer.Argument(help="A language code.")],
    annotations: Annotated[
        Path | None, typer.Option("--annotations", help="Captions to measure on, in YouCook2's format.")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Tokens of a map that is built.", min=1)] = 2000,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a vocabulary map (a shortlist).

    How many of an engine's outputs it leaves as they are. A map that passes is used by later builds.

    \b
    Example:
      mycook vocabulary-map opus-mt de --annotations youcookii_annotations_trainval.json --limit 2000
    """
    from ..building.measuring import measure
    from . import printing
    from .terminal import Terminal

    with Terminal(quiet=quiet):
        report = measure(engine, lang, annotations=annotations, size=size, limit=limit, device=device, offline=offline)
    printing.record(report, as_json=json)
