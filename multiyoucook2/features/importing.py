"""Import features from files of any known layout, several at once, into one store."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

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

    Values keep the precision of the first clip: float16 stays so, anything wider is kept as float32. What else a pickle
    holds of a clip, such as audio, is not read; ``meta["left_out"]`` counts it, see :func:`left_out`.

    Args:
        sources: as :func:`.arrays.array_clips` and, for pickles, :func:`.reference.reference_clips` take them.
        name: of the features; needed for plain arrays, known from the key for pickles.
        key: for pickles, see :func:`.reference.reference_clips`.
        captions: clip_id -> English caption of the data set that the features are for: ids that it does not know are
            mended where a pickle's captions allow that, and refused where it knows none of them.

    Raises:
        FeatureError: nothing to import, no name, a key for plain arrays, files of features of different names, a clip
            that would lose precision, or what those functions raise.
    """
    if not sources:
        raise FeatureError("there is nothing to import", hint="give a .pkl, .npz or .parquet file, or a folder of .npy")
    if key is not None and not any(source.suffix in PICKLES for source in sources):
        raise FeatureError("plain arrays have no key to choose by", hint="leave --key out: it is for a .pkl")
    first = _open(sources[0], name, key, captions)
    if len(sources) == 1:
        clips, meta = first.clips, first.meta
    else:
        files: list[dict[str, object]] = []  # filled while the sources are read, one after the other
        clips, meta = _of_all(first, sources, name, key, captions, files), {"files": files}
    dtype, clips = _precision(clips)
    return write_store(folder, _known(clips, captions), name=first.name, dtype=dtype, meta=meta)


def left_out(store: FeatureStore) -> dict[str, int]:
    """What the pickles of a store held beside its features and captions -> how many clips had it."""
    files: list[object] = store.meta.get("files", [store.meta])  # type: ignore[assignment]
    total: Counter[str] = Counter()
    for file in files:
        total.update(file.get("left_out", {}) if isinstance(file, dict) else {})
    return dict(total)


def _precision(clips: Iterator[tuple[str, Array]]) -> tuple[str, Iterator[tuple[str, Array]]]:
    """The type to store, as the first clip needs it, and the clips, each checked to lose nothing by float16."""
    first = next(clips, None)
    if first is None:
        return "float32", clips
    clips = chain([first], clips)
    return ("float16", map(_half, clips)) if np.can_cast(np.asarray(first[1]).dtype, np.float16) else ("float32", clips)


def _half(clip: tuple[str, Array]) -> tuple[str, Array]:
    clip_id, frames = clip
    dtype = np.asarray(frames).dtype
    if not np.can_cast(dtype, np.float16):
        raise FeatureError(
            f"features of clip {clip_id!r} are {dtype}, those of the clips before it float16 or smaller",
            hint="save all of them in one type",
        )
    return clip


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
