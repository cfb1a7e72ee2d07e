"""``mycook review``: a local page to read translations with, and its findings as CSV."""

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, refuse_options


def add_review_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(review)


def review(
    context: typer.Context,
    build: Annotated[Path, typer.Argument(help="A build folder, such as build/mini.")],
    lang: Annotated[
        str | None, typer.Option("--lang", help="Languages to review, such as cs,de.", show_default="all")
    ] = None,
    reviewer: Annotated[str, typer.Option("--reviewer", help="Who reviews; each has a file of their own.")] = "me",
    port: Annotated[int, typer.Option("--port", help="0 takes any free one.", min=0, max=65535)] = 8001,
    export: Annotated[Path | None, typer.Option("--export", help="Write all reviews as CSV, and end.")] = None,
    import_: Annotated[Path | None, typer.Option("--import", help="Add the reviews of such a CSV, and end.")] = None,
    json: JsonOption = False,
) -> None:
    """Read, accept, mend or reject translations in a local page.

    The worst rows first, all by keys. At 127.0.0.1, for this machine alone (needs the extra `web`). What you say goes
    into BUILD/reviews; the next `mycook build` publishes it.

    \b
    Examples:
      mycook review build/mini --lang ja
      mycook review build/mini --export reviews.csv
    """
    from ..building.opening import open_build
    from ..building.worklists import open_worklists, texts_by_caption
    from ..errors import RecipeError
    from ..languages import named_languages
    from ..quality.review.exchange import export_csv, import_csv
    from ..quality.review.overlay import Reviews, require_name
    from .tables import print_json

    if export and import_:
        raise RecipeError("--export and --import are two runs", hint="import first, then export")
    if export or import_:
        refuse_options(context, ("lang", "reviewer", "port"), "a CSV, which holds all reviews")
    else:
        refuse_options(context, ("json",), "the page")
    require_name(reviewer)
    opened, reviews = open_build(build), Reviews(build)
    if path := export or import_:
        count = export_csv(reviews, path) if export else import_csv(reviews, path)
        if json:
            print_json({"file": str(path), "reviews": count})
        else:
            print(f"{count:,} reviews {'written to' if export else 'added from'} {path}")
        return
    from ..quality.review.app import Page, serve

    lists = open_worklists(opened, named_languages(lang))
    serve(Page(lists, reviews, reviewer, texts_by_caption(opened)), port=port)
