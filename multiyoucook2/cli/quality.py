"""The commands that judge translations. Heavy imports are in functions."""

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption


def add_quality_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    app.command()(check)


def check(
    pairs: Annotated[Path, typer.Argument(help="Tab-separated, with columns source and translation.")],
    lang: Annotated[str, typer.Option("--lang", help="Language of the translations.")],
    like: Annotated[
        Path | None, typer.Option("--like", help="A build or published data set by the same engine, to learn from.")
    ] = None,
    min_quality: Annotated[
        float | None, typer.Option("--min-quality", help="Refuse rows below.", min=0, max=1, show_default="0.25")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge any translations of English captions.

    Each row gets its quality, the probability that its meaning is kept, and what the checks find.

    \b
    Examples:
      mycook check pairs.tsv --lang de --like build/multi-youcook2
      mycook check pairs.tsv --lang ja --json
    """
    from ..quality.pairfile import check_pairs, read_pair_file
    from ..quality.settings import Checks
    from .tables import print_json, print_table

    rows = read_pair_file(pairs)
    settings = Checks(min_quality=min_quality, uncalibrated=True) if min_quality is not None else None
    found = check_pairs(rows, lang, like=like, settings=settings)
    if json:
        print_json(found.as_json())
        return
    shown = []
    for number, (row, pair) in enumerate(zip(found.rows, rows, strict=True), 1):
        reasons = "; ".join(f"{one.check}: {one.reason}" for one in row.checks)
        shown.append((number, f"{row.quality:.2f}", row.accepted, *pair, reasons))
    print_table(("row", "quality", "accepted", "source", "translation", "found"), shown, numbers=("row", "quality"))
    accepted = sum(row.accepted for row in found.rows)
    print(f"{accepted:,} of {len(rows):,} accepted" + ("" if found.calibrated else "; quality is uncalibrated here"))
