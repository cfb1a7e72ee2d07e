"""``mycook score``: heavy metrics, each in an environment of its own."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, QuietOption


def add_score_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(score)


def score(
    build: Annotated[Path | None, typer.Argument(help="A build folder, such as build/mini.")] = None,
    metric: Annotated[str, typer.Option("--metric", help="comet-qe; it needs no reference.")] = "comet-qe",
    lang: Annotated[str | None, typer.Option("--langs", help="Such as de,ja.", show_default="all")] = None,
    size: Annotated[int, typer.Option("--sample", help="Rows a language, drawn by --seed.", min=1)] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    setup: Annotated[bool, typer.Option("--setup", help="Make the metric's environment, and end.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Estimate translations by a neural metric, on a sample.

    The metric runs in an environment of its own (`--setup` makes it, 1.4 GB); what is scored is kept in BUILD/scores.

    \b
    Examples:
      mycook score --setup --metric comet-qe
      mycook score build/mini --metric comet-qe --langs de --sample 500
    """
    from ..building.reviewing import open_worklists
    from ..errors import RecipeError
    from ..languages import parse_languages
    from ..quality.neural import scoring
    from ..quality.neural.metrics import find_metric
    from ..quality.neural.worker import started
    from .tables import print_json, print_table
    from .terminal import Terminal

    row = find_metric(metric)
    if setup:
        print(scoring.set_up(row))
        return
    if build is None:
        raise RecipeError("which build is to be scored?", hint="such as: mycook score build/mini")
    if row.needs_reference:
        raise RecipeError(f"{metric} compares with references, which a build has none of", hint="--metric comet-qe")
    lists = open_worklists(build, parse_languages(lang) if lang else None)
    program, found = Path(scoring.__file__).with_name("comet_worker.py"), []
    with Terminal(quiet=quiet) as listener, started(scoring.environment(row), program) as worker:
        worker.load(row.model)
        for code, worklist in lists.items():
            listener.started(f"score-{code}")
            rows = sorted(worklist.rows, key=lambda one: one.key)
            pairs = [{"src": rows[n].caption, "mt": rows[n].text} for n in scoring.sample(len(rows), size, seed=seed)]
            memory = build / "scores" / f"{row.name}.jsonl"
            scores = scoring.score_pairs(pairs, worker, memory, listener.progress)
            found.append(scoring.estimate(code, row.name, scores, len(rows), seed=seed))
    if json:
        print_json([asdict(one) for one in found])
    else:
        table = [(one.lang, f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]", one.rows, one.of) for one in found]
        print_table(
            ("language", f"{row.name}, 95% interval", "rows scored", "of"), table, numbers=("rows scored", "of")
        )
