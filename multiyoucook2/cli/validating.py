"""``mycook validate``: what was accepted and refused, of a recipe or of a finished build. Heavy imports are late."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import RecipeError
from .building import OF_A_RECIPE, build_until
from .options import (
    AnnotationsOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    LangsOption,
    LimitOption,
    OfflineOption,
    OutOption,
    QuietOption,
    RecipeOption,
    ThreadsOption,
    refuse_options,
)

if TYPE_CHECKING:
    from ..building.calibrating import Fitted
    from ..building.opening import OpenBuild
    from ..quality.reference_scores import ReferenceScores


def add_validate_commands(app: typer.Typer) -> None:
    """Mount the command of this module."""
    app.command()(validate)


def validate(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[BUILD]", help="A build folder, such as build/mini; without it, a recipe."),
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option("--references", help="With BUILD: translations by people to compare with.", metavar="FILE"),
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            "--calibrate", help="With BUILD: marked rows to fit quality on, or BUILD/reviews.", metavar="FILE"
        ),
    ] = None,
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    offline: OfflineOption = False,
    show: Annotated[int, typer.Option("--show", help="Print N rejected rows a check.", metavar="N", min=0, max=3)] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the translations, and print figures.

    What was accepted, what was refused, and by which check; of a recipe, or of a build that was made. The build's
    report/index.html has plots and the worst rows. References are a table (clip_id, lang, text), YouCook2's JSON, a
    folder of such files, or another build. Marked rows are a table (clip_id, lang, kept: yes or no); their fit is kept
    in the build's calibration.json and counts from then on.

    \b
    Examples:
      mycook validate --recipe mini --langs all --offline --show 1
      mycook validate build/mini
      mycook validate build/mini --references pipelines/mini_nmt/references
      mycook validate build/mini --calibrate marks.tsv
    """
    from . import printing

    if folder is not None:
        refuse_options(context, (*OF_A_RECIPE, "engine", "device", "threads", "offline"), "a build folder")
        _validate_again(folder, references, calibrate, langs, show=show, json=json, quiet=quiet)
        return
    for name, file in (("--references", references), ("--calibrate", calibrate)):
        if file is not None:
            raise RecipeError(f"{name} wants a build", hint=f"such as: mycook validate build/mini {name} {file}")
    result = build_until(
        "validate", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, offline=offline,
    )  # fmt: skip
    printing.validation(result, as_json=json, show=show)


def _validate_again(
    folder: Path,
    references: Path | None,
    calibrate: Path | None,
    langs: str | None,
    *,
    show: int,
    json: bool,
    quiet: bool,
) -> None:
    from ..building.calibrating import calibrate_build
    from ..building.opening import open_build, validate_again
    from ..building.referring import score_build
    from ..languages import named_languages
    from .terminal import Terminal

    with Terminal(quiet=quiet) as listener:
        build = open_build(folder)
        shown = build.languages(langs)
        fitted = calibrate_build(build, calibrate) if calibrate is not None else {}
        build = validate_again(folder, listener)
        scores = []
        if references is not None:
            scores = score_build(build, references, shown, listener, named=named_languages(langs) is not None)
            build = validate_again(folder, listener)  # the page shows them
    _show_build(build, shown, scores, fitted, as_json=json, show=show)


def _show_build(
    build: "OpenBuild",
    langs: Sequence[str],
    scores: "Sequence[ReferenceScores]",
    fitted: "Fitted",
    *,
    as_json: bool,
    show: int,
) -> None:
    """Some languages' figures, their scores against references, and how well marked rows are told apart."""
    from ..building.publishing import report
    from . import printing
    from .tables import print_json, print_table

    found, page = report(build.results, build.recipe, langs), build.workspace.root / "report" / "index.html"
    if as_json:
        print_json({"out": str(build.workspace.root), "page": str(page), "report": found,
                    "references": [one.as_json() for one in scores],
                    "calibration": {lang: dict(zip(("before", "after"), (one.as_json() for one in both), strict=True))
                                    for lang, both in fitted.items()}})  # fmt: skip
        return
    printing.validation_figures(found, show=show)
    if fitted:
        rows = [
            (lang, when, one.rows, one.wrong, *(_share(value) for value in (one.auc, one.precision, one.recall)))
            for lang, both in fitted.items()
            for when, one in zip(("before", "after"), both, strict=True)
        ]
        print_table(("language", "fit", "marked", "not kept", "AUC", "precision", "recall"), rows, numbers=("marked",))
    if scores:
        rows = [
            (one.lang, one.rows, *(f"{score.value:.1f} [{score.low:.1f}, {score.high:.1f}]" for score in one.scores))
            for one in scores
        ]
        print_table(("language", "rows", *(score.metric for score in scores[0].scores)), rows, numbers=("rows",))
    for one in scores:
        for count, names, words in (
            (one.unknown_rows, one.unknown, "of the references belong to no machine translation"),
            (one.without_rows, one.without, "of the build have no reference"),
        ):
            if count:
                print(f"{one.lang}: {count:,} captions {words}: {', '.join(names[:3])}{' ...' if count > 3 else ''}")
    for signature in dict.fromkeys(score.signature for one in scores for score in one.scores):
        print(signature)
    print(page)


def _share(value: float) -> str:
    """``-`` for what is not defined, such as the AUC of marks of one kind."""
    return "-" if math.isnan(value) else f"{value:.2f}"
