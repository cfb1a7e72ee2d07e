"""The video commands of ``mycook``: ``videos plan``, ``features extract``, ``features cut``. Heavy imports are late."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .features import features_app
from .options import DatasetArgument, DeviceOption, JsonOption, OfflineOption, QuietOption

if TYPE_CHECKING:
    from ..corpus.clips import Clip
    from ..features.extract.extract import Extraction

videos_app = typer.Typer(name="videos", help="The videos that a data set's clips are cut from.", no_args_is_help=True)

FpsOption = Annotated[float, typer.Option("--fps", help="Frames a second of each segment.")]
OutOption = Annotated[Path, typer.Option("--out", help="The new feature store.")]


def add_video_commands(app: typer.Typer) -> None:
    """Mount the commands of this module; those on features join the group that is there."""
    app.add_typer(videos_app)
    features_app.command("extract")(extract)
    features_app.command("cut")(cut)


@videos_app.command("plan")
def plan(
    dataset: Annotated[str, typer.Argument(help="A data set folder, or USER/NAME on the Hub.")],
    videos: Annotated[Path | None, typer.Option("--videos", help="A folder where some may be already.")] = None,
    gone: Annotated[
        Path | None, typer.Option("--gone", help="Ids known to be unavailable, one a line.", metavar="FILE")
    ] = None,
    fps: FpsOption = 1.0,
    ids: Annotated[bool, typer.Option("--ids", help="Print only the ids still needed, one a line.")] = False,
    json: JsonOption = False,
) -> None:
    """Say which videos are needed.

    Which of them are here or known to be gone, and what they take.

    \b
    Examples:
      mycook videos plan build/multi-youcook2/dataset --videos videos --gone unavailable.txt
      mycook videos plan build/multi-youcook2/dataset --ids
    """
    from ..corpus.clips import load_clips
    from ..errors import RecipeError
    from ..features.extract.plan import plan_videos, read_ids
    from .tables import print_json, print_table

    if ids and json:
        raise RecipeError("--ids prints lines and --json a document", hint="give one of the two")
    found = plan_videos(load_clips(dataset), videos=videos, gone=read_ids(gone) if gone else (), fps=fps)
    figures = {
        "hours": round(found.hours, 2), "segment_hours": round(found.segment_hours, 2),
        "download_gb": round(found.download_gb, 2), "frames": found.frames, "fps": fps,
    }  # fmt: skip
    if ids:
        for video in found.of("needed"):
            print(video.video_id)
    elif json:
        print_json({**figures, "videos": [asdict(video) for video in found.videos]})
    else:
        states = {"needed": "still needed", "here": "here", "gone": "known to be gone"}
        rows = [[name, len(found.of(state)), sum(video.clips for video in found.of(state))]
                for state, name in states.items()]  # fmt: skip
        print_table(["videos", "number", "clips"], rows, numbers=["number", "clips"])
        print(f"{figures['hours']} h of video at least, {figures['segment_hours']} h of it in segments")
        print(
            f"about {figures['download_gb']} GB to download at 360 lines; {found.frames:,} frames at {fps:g} a second"
        )


def extract(
    videos: Annotated[Path, typer.Option("--videos", help="Folder with VIDEO_ID.mp4 and the like, at any depth.")],
    dataset: DatasetArgument,
    out: OutOption,
    encoder: Annotated[
        str, typer.Option("--encoder", help="Hub id or folder of a vision model; or S3D's weights, a .pth file.")
    ] = "openai/clip-vit-base-patch32",
    revision: Annotated[
        str | None, typer.Option("--revision", help="Commit of the encoder.", show_default="newest")
    ] = None,
    fps: FpsOption = 1.0,
    window: Annotated[
        int | None, typer.Option("--window", help="Frames behind a vector of S3D.", show_default="32", min=2)
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Of S3D: mixed_5c or video_embedding.", show_default="mixed_5c")
    ] = None,
    precision: Annotated[str, typer.Option("--precision", help="float32, bfloat16 or float16.")] = "float32",
    batch: Annotated[int, typer.Option("--batch", help="Frames through the encoder at once.", min=1)] = 32,
    threads: Annotated[int, typer.Option("--threads", help="Videos decoded at once.", min=1)] = 2,
    device: DeviceOption = "auto",
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Extract features from video files.

    Frames of the segments through a vision encoder (needs the extra `video`).

    Missing, broken and short videos are listed in clips.csv, and the rest goes on. The same command resumes.

    \b
    Examples:
      mycook features extract --videos videos --dataset build/multi-youcook2/dataset --out features/clip
      mycook features extract --videos videos --dataset build/x/dataset --encoder google/siglip-base-patch16-224 --fps 2 --out features/siglip
      mycook features extract --videos videos --dataset build/x/dataset --encoder s3d_howto100m.pth --fps 16 --window 16 --out features/s3d
    """  # noqa: E501  a command is one line
    from ..features.extract.encoders import load_vision_encoder
    from ..features.extract.extract import extract_features
    from ..features.extract.files import check_folder
    from .terminal import Terminal

    check_folder(videos)  # before the encoder is loaded, which takes a while
    clips, label = _clips(dataset)
    with Terminal(quiet=quiet) as listener:
        model = load_vision_encoder(
            encoder, revision=revision, precision=precision, device=device, offline=offline, layer=layer, window=window
        )
        result = extract_features(
            clips, videos, out, encoder=model, fps=fps, batch=batch, threads=threads, dataset=label, listener=listener
        )
    _print(result, as_json=json)


def cut(
    source: Annotated[Path, typer.Argument(help="Folder with an array a video (.npy .npz .h5 .pth), or one file.")],
    dataset: DatasetArgument,
    out: OutOption,
    name: Annotated[
        str | None, typer.Option("--name", help="What they are, for signatures.", show_default="the name of --out")
    ] = None,
    fps: Annotated[float, typer.Option("--fps", help="Rows a second of the arrays.")] = 1.0,
    key: Annotated[str | None, typer.Option("--key", help="Which array, where a video's file has several.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Cut features of whole videos by the data set's segments.

    \b
    Examples:
      mycook features cut s3d_videos/ --dataset build/multi-youcook2/dataset --out features/s3d
      mycook features cut features.h5 --name clip --fps 2 --dataset build/multi-youcook2/dataset --out features/clip
    """
    from ..features.extract.cut import cut_features
    from .terminal import Terminal

    clips, label = _clips(dataset)
    with Terminal(quiet=quiet) as listener:
        result = cut_features(
            source, clips, out, fps=fps, name=name or out.resolve().name, key=key, dataset=label, listener=listener
        )
    _print(result, as_json=json)


def _clips(dataset: str) -> "tuple[list[Clip], str]":
    """The clips of a data set, and what to call it."""
    from ..corpus.clips import dataset_label, load_clips

    return load_clips(dataset), dataset_label(dataset)


def _print(result: "Extraction", *, as_json: bool) -> None:
    from ..features.extract.clip_rows import CLIPS_FILE, STATUSES, counts
    from .tables import print_json

    store, found = result.store, counts(result.rows)
    if as_json:
        values: dict[str, object] = {
            "folder": str(store.folder), "name": store.name, "dim": store.dim, "clips": len(store),
            "content_hash": store.content_hash, "meta": store.meta, "counts": found,
        }  # fmt: skip
        print_json(values)
        return
    print(f"{store.folder}: {len(store):,} clips of {store.name}, {store.dim} dimensions, {store.content_hash}")
    for status, number in found.items():
        print(f"  {number:>7,} {status:9} {STATUSES[status]}")
    if set(found) != {"ok"}:
        print(f"row by row in {store.folder / CLIPS_FILE}")
