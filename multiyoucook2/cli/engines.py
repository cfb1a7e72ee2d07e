"""``mycook engines``: what a model on the hub or in a folder is."""

import dataclasses
from typing import Annotated

import typer


def add_engine_commands(app: typer.Typer) -> None:
    """Adds the group ``engines``."""
    group = typer.Typer(no_args_is_help=True, help="What a translation model on the Hub or in a folder is.")
    group.command("find")(find_engine)
    app.add_typer(group, name="engines")


def find_engine(
    engine: Annotated[
        str,
        typer.Argument(
            help="OWNER/NAME[@REVISION] of the Hub, a folder, a zip of OPUS-MT, or a name.",
            metavar="ENGINE",
        ),
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
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
