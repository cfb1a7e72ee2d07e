"""Import features from files of any known layout, several at once, into one store."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import FeatureError
from .arrays import array_clips
from .reference import reference_clips
from .store import Array, FeatureStore, Source, write_store

PICKLES = (".pkl", ".pickle", ".p")


def import_features(
    sources: Sequence[Path],
    folder: Path,
    *,
    name: str | None = None,
    key: str | None = None,
    captions: Mapping[str, str] | None = None,
) -> FeatureStore:
    """Write one store from released pickles or plain arrays, e.g. of the training and of the validation split.

    Args:
        sources: as :func:`.arrays.array_clips` and, for pickles, :func:`.reference.reference_clips` take them.
        name: of the features; needed for plain arrays, known from the key for pickles.
        key: for pickles, see :func:`.reference.reference_clips`.
        captions: clip_id -> English caption of the data set that the features are for: ids that it does not know are
            mended where a pickle's captions allow that, and refused where it knows none of them.

    Raises:
        FeatureError: nothing to import, no name, files of features of different names, or what those functions raise.
    """
    if not sources:
        raise FeatureError("there is nothing to import", hint="give a .pkl, .npz or .parquet file, or a folder of .npy")
    first = _open(sources[0], name, key, captions)
    if len(sources) == 1:
        clips, meta = first.clips, first.meta
    else:
        files: list[dict[str, object]] = []  # filled while the sources are read, one after the other
        clips, meta = _of_all(first, sources, name, key, captions, files), {"files": files}
    return write_store(folder, _known(clips, captions), name=first.name, meta=meta)


def _of_all(
    first: Source,
    sources: Sequence[Path],
    name: str | None,
    key: str | None,
    captions: Mapping[str, str] | None,
    files: list[dict[str, object]],
) -> Iterator[tuple[str, Array]]:
    for number, path in enumerate(sources):
        source = _open(path, name, key, captions) if number else first
        if source.name != first.name:
            raise FeatureError(
                f"the files hold different features: {first.name}, {source.name}", hint="choose with --key"
            )
        yield from source.clips
        files.append({"file": path.name, **source.meta})


def _open(path: Path, name: str | None, key: str | None, captions: Mapping[str, str] | None) -> Source:
    if path.suffix in PICKLES:
        return reference_clips(path, name=name, key=key, captions=captions)
    if name is None:
        raise FeatureError(f"{path} does not say what its features are", hint="give a name, e.g. --name clip")
    return Source(name, array_clips(path))


def _known(clips: Iterator[tuple[str, Array]], captions: Mapping[str, str] | None) -> Iterator[tuple[str, Array]]:
    """The clips as they come; refused at the end if the data set knows none of them."""
    example, known = None, False
    for clip_id, frames in clips:
        example = clip_id if example is None else example
        known = known or captions is None or clip_id in captions
        yield clip_id, frames
    if captions and example is not None and not known:
        raise FeatureError(
            f"none of the ids is a clip of the data set: they are like {example!r}, its clips like "
            f"{next(iter(captions))!r}",
            hint="arrays of whole videos are cut by `mycook features cut`",
        )
