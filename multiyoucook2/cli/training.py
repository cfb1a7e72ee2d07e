"""The training commands of ``mycook``: features, train, evaluate, compare, report. Heavy imports are in functions."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

features_app = typer.Typer(
    name="features", help="Video features: extract, cut, import or simulate them.", no_args_is_help=True
)

DatasetArgument = Annotated[str, typer.Option("--dataset", help="A data set folder, or USER/NAME on the Hub.")]
FeaturesArgument = Annotated[Path, typer.Option("--features", help="A feature store; see mycook features.")]
DatasetOption = Annotated[str | None, typer.Option("--dataset", help="Folder or USER/NAME.", show_default="the run's")]
FeaturesOption = Annotated[Path | None, typer.Option("--features", help="A feature store.", show_default="the run's")]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Download nothing.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
PoolOption = Annotated[str, typer.Option("--pool", help="all, a name such as youcook2-3350, or a file of clip ids.")]
ResamplesOption = Annotated[int, typer.Option("--resamples", help="Draws of the bootstrap.", min=1)]


def add_training_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    app.add_typer(features_app)
    for command in (train, evaluate, compare, report):
        app.command()(command)


@features_app.command("simulate")
def features_simulate(
    dataset: DatasetArgument,
    out: Annotated[Path, typer.Option("--out", help="The new feature store.")],
    difficulty: Annotated[float, typer.Option("--difficulty", help="0 is easy, 1 hard, more is harder.", min=0)] = 1.0,
    dim: Annotated[int, typer.Option("--dim", help="Dimensions of a frame.", min=1)] = 256,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    json: JsonOption = False,
) -> None:
    """Make stand-in features from the English captions, offline; scores made with them say feat:simulated.

    \b
    Example:
      mycook features simulate --dataset build/mini/dataset --out build/mini/features
    """
    from ..features.simulated import simulate
    from . import printing_training as printing_train

    captions, label = _english_of(dataset)
    store = simulate(captions, out, dim=dim, difficulty=difficulty, seed=seed, meta={"dataset": label})
    printing_train.feature_store(store, as_json=json)


def _english_of(dataset: str) -> tuple[dict[str, str], str]:
    """Captions in the source language, of all splits, by clip id, and the data set's label."""
    from ..corpus.captions import dataset_splits, load_captions

    found = [
        load_captions(dataset, split=split, langs=[], accepted_only=False, with_source=True)
        for split in dataset_splits(dataset)
    ]
    return {clip: text for captions in found for clip, text in captions.english().items()}, found[0].label


@features_app.command("import")
def features_import(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Released .pkl files, folders of .npy, .npz or Parquet files; one store of all."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The new feature store.")],
    name: Annotated[
        str | None, typer.Option("--name", help="What they are, for signatures.", show_default="from a .pkl's key")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Which features of a .pkl: s3d, 2d_raw or 2d.")] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Give clips of other ids the id of the clip with their caption.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Import features: the C2KD authors' pickles, read without running code in them, or plain arrays by clip id.

    \b
    Examples:
      mycook features import youcook_val_audio_multilingual.pkl --out features/s3d
      mycook features import train.pkl val.pkl --key 2d_raw --dataset build/multi-youcook2/dataset --out features/clip
      mycook features import clip_frames/ --name clip --out features/clip
    """
    from ..features.importing import import_features
    from . import printing_training as printing_train

    captions = _english_of(dataset)[0] if dataset else None
    printing_train.feature_store(import_features(sources, out, name=name, key=key, captions=captions), as_json=json)


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
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other recipe value; may be repeated.")
    ] = None,
    pool: PoolOption = "all",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's checkpoint.")] = False,
    device: DeviceOption = "auto",
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train the teachers that the recipe needs, then the model, and evaluate it.

    \b
    Examples:
      mycook train --dataset build/mini/dataset --features build/mini/features --recipe c2kd-tiny
      mycook train --dataset build/mini/dataset --features build/mini/features --seed 1 --langs en,de --out runs/x
      mycook train --dataset USER/NAME --features features/s3d --recipe c2kd-youcook2 --set gradient_chunk=64 --resume
      accelerate launch -m multiyoucook2 train --dataset build/mini/dataset --features build/mini/features
    """
    from ..retrieval.training.run import train as train_run
    from ..settings import overridden, set_values
    from . import printing_training as printing_train
    from .terminal import Terminal

    flags: dict[str, Any] = {
        "languages": langs, "objective": objective, "encoder": encoder, "epochs": epochs, "batch_size": batch_size,
        "lr": lr, "seed": seed,
    }  # fmt: skip
    given = {key: value for key, value in flags.items() if value is not None}
    with Terminal(quiet=quiet) as listener:
        result = train_run(
            recipe, dataset=dataset, features=features, out=out, teachers=teachers,
            overrides=overridden(set_values(values or []), given), pool=pool, resume=resume, device=device,
            offline=offline, listener=listener,
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
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score a run per language, text to video and video to text, with 95% intervals and full signatures.

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
            duplicates=duplicates, resamples=resamples, device=device, listener=listener,
        )  # fmt: skip
    printing_train.evaluation(found, run, as_json=json)


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Evaluated runs; the others are compared with the first.")],
    task: Annotated[str, typer.Option("--task", help="t2v or v2t.")] = "t2v",
    measure: Annotated[str, typer.Option("--measure", help="R@1, R@5 or R@10.")] = "R@10",
    resamples: ResamplesOption = 1000,
    json: JsonOption = False,
) -> None:
    """Compare runs language by language, with a paired bootstrap over the clips.

    \b
    Example:
      mycook compare runs/zero-shot-tiny runs/translate-train-tiny runs/c2kd-tiny
    """
    from ..retrieval.evaluation.compare import common, compare_runs, find_measure, find_task, read_scored
    from . import printing_training as printing_train

    task, measure = find_task(task), find_measure(measure)
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
    """Draw loss and recall curves and recall per language, as PNG files and an HTML page (needs the extra `report`).

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
