"""``mycook export``: a data set in the formats of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, refuse_options


def add_export_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(export)


def export(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="A build, a data set's folder, or USER/NAME on the Hub.")],
    to: Annotated[str, typer.Option("--to", help="tsv, csv, jsonl, coco or mteb.")] = "jsonl",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The new file; of mteb, a folder.", show_default="captions.jsonl, ..., mteb"),
    ] = None,
    langs: Annotated[str | None, typer.Option("--langs", help="Such as de,ja.", show_default="all")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Refused captions, too; not of mteb.")] = False,
    features: Annotated[
        Path | None, typer.Option("--features", help="Of mteb: what stands for the videos.", metavar="FOLDER")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write captions for other tools.

    A data set's captions as TSV, CSV, JSON lines or COCO's caption JSON; or as retrieval tasks of mteb, in a folder.
    TSV has no quotes around a text; one with a tab or a line break is refused.

    \b
    Examples:
      mycook export build/mini --to tsv --langs de,ja
      mycook export build/mini --to mteb --features build/mini/features --out mteb/mini
      mycook export me/cooking --to jsonl --out captions.jsonl
    """
    from ..building.workspace import BUILD_FILE, Workspace
    from ..corpus.export import MTEB, default_name
    from ..corpus.export import export as write
    from ..corpus.mteb import export_mteb
    from ..features.store import FeatureStore
    from ..languages import named_languages
    from .tables import print_json

    refuse_options(context, ("refused",) if to == MTEB else ("features",), f"--to {to}")
    out = out or Path(default_name(to))
    if (Path(dataset) / BUILD_FILE).is_file():
        dataset = str(Workspace(Path(dataset)).dataset)
    wanted = named_languages(langs)
    if to == MTEB:
        store = FeatureStore.open(features) if features else None
        counts = export_mteb(Path(dataset), out, langs=wanted, features=store)
    else:
        counts = write(dataset, out, to=to, langs=wanted, accepted_only=not refused)
    if json:
        print_json({"file": str(out), **counts})
    else:
        print(f"{out}: {counts['captions']:,} captions of {counts['clips']:,} clips")
