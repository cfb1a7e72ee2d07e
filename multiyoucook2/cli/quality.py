"""The commands that judge translations. Heavy imports are in functions."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption

if TYPE_CHECKING:
    from ..quality.settings import Checks


def add_quality_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    app.command()(check)


def check(
    pairs: Annotated[Path, typer.Argument(help="Tab-separated, with columns source and translation.")],
    lang: Annotated[str, typer.Option("--lang", help="Language of the translations.")],
    like: Annotated[
        Path | None,
        typer.Option(
            "--like", help="A build, whose checks count, or published data set of the same engine, to learn from."
        ),
    ] = None,
    min_quality: Annotated[
        float | None,
        typer.Option("--min-quality", help="Refuse rows below.", min=0, max=1, show_default="the build's, else 0.4"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge any translations of English captions.

    Each row gets its quality, the probability that its meaning is kept, and what the checks find, with the thresholds
    of the build's recipe, or the usual ones without a build.

    \b
    Examples:
      mycook check pairs.tsv --lang de --like build/multi-youcook2
      mycook check pairs.tsv --lang ja --json
    """
    from ..quality.pairfile import check_pairs, read_pair_file
    from .tables import print_json, print_table

    rows = read_pair_file(pairs)
    found = check_pairs(rows, lang, like=like, settings=_settings(like, min_quality))
    if json:
        print_json(found.as_json())
        return
    shown = []
    for number, (row, pair) in enumerate(zip(found.rows, rows, strict=True), 1):
        reasons = "; ".join(f"{one.check}: {one.reason}" for one in row.checks)
        quality = "-" if math.isnan(row.quality) else f"{row.quality:.2f}"
        shown.append((number, quality, row.accepted, *pair, reasons))
    print_table(("row", "quality", "accepted", "source", "translation", "found"), shown, numbers=("row", "quality"))
    accepted = sum(row.accepted for row in found.rows)
    estimated = not any(math.isnan(row.quality) for row in found.rows)
    doubt = "uncalibrated here" if estimated else "not estimated, as the build has its alignment off"
    known = estimated and found.calibrated
    print(f"{accepted:,} of {len(rows):,} accepted" + ("" if known else f"; quality is {doubt}"))


def _settings(like: Path | None, min_quality: float | None) -> "Checks":
    """The checks of the build's recipe, or the default ones; a quality that is asked for is estimated in any case."""
    from ..building.opening import recipe_of
    from ..quality.settings import MIN_QUALITY, Checks

    recipe = recipe_of(like) if like else None
    checks = recipe.checks if recipe else Checks(min_quality=MIN_QUALITY)
    settings = checks.without_engines()
    if settings != checks:
        print("note: the build's checks by another engine (agreement, round_trip) are left out", file=sys.stderr)
    if settings.min_score is not None:
        print("note: pairs have no engine's score: the build's min_score is left out", file=sys.stderr)
    if min_quality is not None:
        said = {"min_quality": min_quality, "uncalibrated": True, "alignment": True}
        settings = settings.model_copy(update=said)
    return settings
