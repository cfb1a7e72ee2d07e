"""``mycook export``: a data set in the formats of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption


def add_export_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(export)


def export(
    dataset: Annotated[str, typer.Argument(help="A built data set's folder, or USER/NAME on the Hub.")],
    out: Annotated[Path, typer.Option("--out", help="The new file.")],
    to: Annotated[str, typer.Option("--to", help="tsv, csv, jsonl or coco.")] = "jsonl",
    langs: Annotated[str | None, typer.Option("--langs", help="Such as de,ja.", show_default="all")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Refused captions, too.")] = False,
    json: JsonOption = False,
) -> None:
    """Write captions for other tools.

    A data set's captions as TSV, CSV, JSON lines or COCO's caption JSON.

    \b
    Examples:
      mycook export build/mini/dataset --to jsonl --out captions.jsonl
      mycook export build/mini/dataset --to tsv --langs de,ja --out captions.tsv
    """
    from ..corpus.export import export as write
    from ..languages import parse_languages
    from .tables import print_json

    wanted = parse_languages(langs) if langs else None
    counts = write(dataset, out, to=to, langs=wanted, accepted_only=not refused)
    if json:
        print_json({"file": str(out), **counts})
    else:
        print(f"{out}: {counts['captions']:,} captions of {counts['clips']:,} clips")
