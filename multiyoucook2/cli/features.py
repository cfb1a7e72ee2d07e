"""The feature commands of ``mycook``: simulate, import; extract and cut join them. Heavy imports are late."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import DatasetArgument, JsonOption


class Kind(StrEnum):
    """What ``mycook features import`` is given."""

    features = "features"
    vectors = "vectors"


features_app = typer.Typer(
    name="features", help="Video features: extract, cut, import or simulate them.", no_args_is_help=True
)


def add_feature_commands(app: typer.Typer) -> None:
    """Mount the group."""
    app.add_typer(features_app)


@features_app.command("simulate")
def features_simulate(
    dataset: DatasetArgument,
    out: Annotated[Path, typer.Option("--out", help="The new feature store.")],
    difficulty: Annotated[float, typer.Option("--difficulty", help="0 is easy, 1 hard, more is harder.", min=0)] = 1.0,
    dim: Annotated[int, typer.Option("--dim", help="Dimensions of a frame.", min=1)] = 256,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    json: JsonOption = False,
) -> None:
    """Make stand-in features from the captions.

    No video is behind them: to try things out. Scores made with them say feat:simulated.

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
    as_: Annotated[
        Kind, typer.Option("--as", help="features of clips, or sentence vectors of captions (encoder vectors:OUT).")
    ] = Kind.features,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Give clips of other ids the id of the clip with their caption.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Import features, an array a clip.

    From the C2KD authors' pickles, read without running code in them, or from plain arrays by clip id.

    \b
    Examples:
      mycook features import youcook_val_audio_multilingual.pkl --out features/s3d
      mycook features import train.pkl val.pkl --key 2d_raw --dataset build/multi-youcook2/dataset --out features/clip
      mycook features import clip_frames/ --name clip --out features/clip
      mycook features import labse.parquet --as vectors --name labse --out features/labse
    """
    from ..errors import RecipeError
    from ..features.importing import import_features
    from ..features.sentence_vectors import import_vectors
    from . import printing_training as printing_train

    if as_ is Kind.vectors:
        for option, value in (("--key", key), ("--dataset", dataset)):
            if value is not None:
                raise RecipeError(f"{option} is for features, not for sentence vectors", hint=f"leave {option} out")
        printing_train.feature_store(import_vectors(sources, out, name=name or "vectors"), as_json=json)
        return
    captions = _english_of(dataset)[0] if dataset else None
    printing_train.feature_store(import_features(sources, out, name=name, key=key, captions=captions), as_json=json)
