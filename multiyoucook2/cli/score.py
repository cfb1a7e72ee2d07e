"""``mycook score``: heavy metrics, in an environment of their own."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, QuietOption, refuse_options


def add_score_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(score)


def score(
    context: typer.Context,
    build: Annotated[Path | None, typer.Argument(help="A build folder, such as build/mini.")] = None,
    metric: Annotated[
        str, typer.Option("--metric", help="comet-qe or metricx-qe; with references comet or metricx.")
    ] = "comet-qe",
    references: Annotated[
        Path | None, typer.Option("--references", help="Translations by people, as for validate.", metavar="FILE")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="A folder with its weights, for a machine without the Hub.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--langs", help="Such as de,ja.", show_default="all")] = None,
    size: Annotated[int, typer.Option("--sample", help="Rows a language, drawn by --seed.", min=1)] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    setup: Annotated[
        str | None, typer.Option("--setup", help="Make this metric's environment, and end.", metavar="METRIC")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Estimate translations by a neural metric, on a sample.

    Metrics run in an environment of their own (`--setup` makes it, 1.4 GB); what is scored is kept in BUILD/scores. Of
    COMET more is better, of MetricX (0 to 25 errors) less.

    \b
    Examples:
      mycook score --setup comet-qe
      mycook score build/mini --metric comet-qe --langs de --sample 500
      mycook score build/mini --metric metricx --references refs.tsv
    """
    from ..building.opening import open_build
    from ..building.scoring import score_by_metric
    from ..errors import RecipeError
    from ..languages import named_languages
    from ..quality.neural.metrics import find_metric
    from ..quality.neural.scoring import set_up
    from .tables import print_json, print_table
    from .terminal import Terminal

    if setup is not None:
        others = [one.name for one in context.command.params if one.name and one.name not in ("setup", "quiet")]
        refuse_options(context, others, "--setup")
        print(set_up(find_metric(setup)))
        return
    if build is None:
        raise RecipeError("which build is to be scored?", hint="such as: mycook score build/mini")
    row, opened = find_metric(metric), open_build(build)
    with Terminal(quiet=quiet) as listener:
        found = score_by_metric(
            opened,
            row,
            opened.languages(lang),
            listener,
            named=named_languages(lang) is not None,
            references=references,
            model=model,
            size=size,
            seed=seed,
        )
    if json:
        print_json([asdict(one) | {"higher_is_better": row.higher_is_better} for one in found])
        return
    table = [(one.lang, f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]", one.rows, one.of) for one in found]
    better = "more is better" if row.higher_is_better else "less is better"
    print_table(
        ("language", f"{row.name} ({better}), 95% interval", "rows scored", "of"), table,
        numbers=("rows scored", "of"),
    )  # fmt: skip
