"""``mycook significance``: two builds of the same captions, and whether their difference is more than chance."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, QuietOption


def add_significance_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(significance)


def significance(
    first: Annotated[Path, typer.Argument(help="A build folder, such as build/mini.")],
    second: Annotated[Path, typer.Argument(help="Another build of the same captions.")],
    references: Annotated[
        Path | None, typer.Option("--references", help="Translations by people, as for validate.", metavar="FILE")
    ] = None,
    langs: Annotated[str | None, typer.Option("--langs", help="Such as de,ja.", show_default="all of both")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write both side by side, too.", metavar="FILE.html")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare two builds of the same captions.

    A paired bootstrap over the rows: by quality, the probability that the meaning is kept, and with --references by
    chrF, chrF++ and BLEU.

    \b
    Examples:
      mycook significance build/mini build/nllb
      mycook significance build/mini build/nllb --references refs.tsv --page compared.html
    """
    from ..building.comparing import compare_builds
    from ..building.opening import validate_again
    from ..errors import RecipeError
    from ..files import atomic_write, require_new
    from ..languages import named_languages
    from ..quality.page.compared import render_compared
    from .tables import print_json, print_table
    from .terminal import Terminal

    if page:
        require_new(page)
    with Terminal(quiet=quiet) as listener:
        builds = validate_again(first, listener), validate_again(second, listener)
        shared = [lang for lang in builds[0].languages(langs) if lang in builds[1].languages(langs)]
        if not shared:
            raise RecipeError("the builds share no language", hint="compare builds of the same captions and languages")
        found = compare_builds(
            *builds, shared, listener, named=named_languages(langs) is not None, references=references
        )
    if not found.differences:
        raise RecipeError("there is nothing to compare by: no quality was estimated", hint="give --references FILE")
    if page:
        names = str(first), str(second)
        atomic_write(page, render_compared(names, found.differences, found.pairs).encode())
    if json:
        print_json([asdict(one) | {"significant": one.significant} for one in found.differences])
        return
    rows = [
        (
            one.lang, one.measure, one.rows, f"{one.first:.1f}", f"{one.second:.1f}", f"{one.difference:+.1f}",
            f"{one.low:+.1f} to {one.high:+.1f}", f"{one.p:.3f}", "yes" if one.significant else "no",
        )
        for one in found.differences
    ]  # fmt: skip
    columns = ("language", "measure", "rows", "first", "second", "difference", "95% bounds", "p", "significant")
    print_table(columns, rows, numbers=columns[2:8])
