"""The training commands of ``mycook``: train, evaluate, compare, report. Heavy imports are in functions."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    CoresOption,
    DatasetArgument,
    DatasetOption,
    DeviceOption,
    FeaturesArgument,
    FeaturesOption,
    JsonOption,
    OfflineOption,
    PoolOption,
    QuietOption,
    ResamplesOption,
    SetOption,
    refuse_options,
)


def add_training_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (train, evaluate, compare, report):
        app.command()(command)


def train(
    dataset: DatasetArgument,
    features: FeaturesArgument,
    recipe: Annotated[str, typer.Option("--recipe", help="Name in pipelines/training, or a .yaml file.")] = "c2kd-tiny",
    out: Annotated[Path | None, typer.Option("--out", help="The run's folder.", show_default="runs/RECIPE")] = None,
    teachers: Annotated[
        Path | None, typer.Option("--teachers", help="Folder of teachers that runs share.", show_default="OUT/teachers")
    ] = None,
    langs: Annotated[str | None, typer.Option("--langs", help="Such as en,de; or all.")] = None,
    objective: Annotated[
        str | None,
        typer.Option("--objective", help="Such as zero-shot, translate-train or c2kd."),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option("--encoder", help="tiny, a registry name, a hub id, a folder, or vectors:FOLDER.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", metavar="N")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", metavar="CLIPS")] = None,
    lr: Annotated[float | None, typer.Option("--lr")] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N")] = None,
    values: SetOption = None,
    pool: PoolOption = "all",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's checkpoint.")] = False,
    device: DeviceOption = "auto",
    threads: CoresOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a model, and score it.

    The teachers that the recipe needs are trained first.

    \b
    Examples:
      mycook train --dataset build/mini/dataset --features build/mini/features --recipe c2kd-tiny
      mycook train --dataset build/mini/dataset --features build/mini/features --seed 1 --langs en,de --out runs/x
      mycook train --dataset USER/NAME --features features/s3d --recipe c2kd-youcook2 --set gradient_chunk=64 --resume
      accelerate launch -m multiyoucook2 train --dataset build/mini/dataset --features build/mini/features
    """
    from ..retrieval.training.run import train as train_run
    from . import printing_training as printing_train
    from .parts import recipe_values
    from .terminal import Terminal

    flags: dict[str, tuple[str, object]] = {
        "--langs": ("languages", langs), "--objective": ("objective", objective), "--encoder": ("encoder", encoder),
        "--epochs": ("epochs", epochs), "--batch-size": ("batch_size", batch_size), "--lr": ("lr", lr),
        "--seed": ("seed", seed),
    }  # fmt: skip
    overrides = recipe_values(values, flags)
    with Terminal(quiet=quiet) as listener:
        result = train_run(
            recipe, dataset=dataset, features=features, out=out, teachers=teachers,
            overrides=overrides, pool=pool, resume=resume, device=device, threads=threads, offline=offline,
            listener=listener,
        )  # fmt: skip
    if result.evaluation is not None:  # the first of several processes
        printing_train.evaluation(result.evaluation, result.out, as_json=json)


def evaluate(
    run: Annotated[Path, typer.Argument(help="A finished run.")],
    langs: Annotated[str, typer.Option("--langs", help="Such as en,de; or all.")] = "all",
    dataset: DatasetOption = None,
    features: FeaturesOption = None,
    split: Annotated[
        str | None,
        typer.Option("--split", help="Such as validation, test or train.", show_default="validation, else test"),
    ] = None,
    pool: PoolOption = "all",
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            help="Which captions of a clip ask: first, listed, all or mean.",
            show_default="listed, else first",
        ),
    ] = None,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Clips with the same caption are relevant for one another.")
    ] = False,
    resamples: ResamplesOption = 1000,
    device: DeviceOption = "auto",
    threads: CoresOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score a run, language by language.

    Text to video and video to text, with 95% intervals and signatures that say what was measured.

    \b
    Examples:
      mycook evaluate runs/c2kd-tiny --langs all
      mycook evaluate runs/c2kd-youcook2 --pool youcook2-3350 --json
      mycook evaluate runs/c2kd-vatex --query all
    """
    from ..languages import language_codes
    from ..retrieval.evaluation.run import evaluate_run
    from . import printing_training as printing_train
    from .terminal import Terminal

    with Terminal(quiet=quiet) as listener:
        found = evaluate_run(
            run, dataset=dataset, features=features, langs=language_codes(langs), split=split, pool=pool, query=query,
            duplicates=duplicates, resamples=resamples, device=device, threads=threads, listener=listener,
        )  # fmt: skip
    printing_train.evaluation(found, run, as_json=json)


def compare(
    context: typer.Context,
    runs: Annotated[list[Path], typer.Argument(help="Evaluated runs; the others are compared with the first.")],
    task: Annotated[str, typer.Option("--task", help="t2v or v2t.")] = "t2v",
    measure: Annotated[str, typer.Option("--measure", help="R@1, R@5 or R@10.")] = "R@10",
    resamples: ResamplesOption = 1000,
    json: JsonOption = False,
) -> None:
    """Compare runs, language by language.

    By a paired bootstrap over the clips; --json has both tasks and all measures.

    \b
    Example:
      mycook compare runs/zero-shot-tiny runs/translate-train-tiny runs/c2kd-tiny
    """
    from ..retrieval.evaluation.compare import common, compare_runs, find_measure, find_task, read_scored
    from . import printing_training as printing_train

    task, measure = find_task(task), find_measure(measure)
    if json:
        refuse_options(context, ("task", "measure"), "--json, which has both tasks and all measures")
    found = compare_runs(runs, resamples=resamples)
    printing_train.comparison(found, runs, task=task, measure=measure, as_json=json)
    left_out = common(read_scored(runs))[1]
    if left_out:
        names = ", ".join(sorted({lang for _, lang in left_out}))
        print(f"not compared, as not all runs have them: {names}", file=sys.stderr)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Evaluated runs.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and the PNG files.")] = Path("runs/report"),
    json: JsonOption = False,
) -> None:
    """Draw curves and figures of runs.

    Loss, recall, and recall by language, as PNG files and an HTML page (needs the extra `report`).

    \b
    Example:
      mycook report runs/zero-shot-tiny runs/c2kd-tiny --out runs/report
    """
    from ..retrieval.evaluation.report import write_report
    from .tables import print_json

    files = write_report(runs, out)
    if json:
        print_json([str(path) for path in files])
    else:
        print(files[0])
