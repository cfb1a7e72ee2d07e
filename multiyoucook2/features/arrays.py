"""Import features from plain arrays: a folder of .npy files, one .npz, or Parquet. Nothing here can run code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import FeatureError
from .store import FeatureStore, write_store

_BATCH = 256


def import_arrays(source: str | Path, folder: str | Path, *, name: str) -> FeatureStore:
    """Write a store from plain arrays, each [T, D], or [D] for one frame.

    Args:
        source: a folder with one ``CLIP_ID.npy`` a clip; an ``.npz`` whose keys are clip ids; or a ``.parquet`` file
            (or a folder of them) with the columns ``clip_id`` and ``features``: D numbers, or T lists of D numbers.
        folder: the new store.
        name: what the features are, e.g. ``"clip"``.

    Raises:
        FeatureError: unreadable, pickled objects inside (they could run code), or arrays that do not fit together.
    """
    source = Path(source)
    if not source.exists():
        raise FeatureError(f"there is no {source}")
    if source.suffix == ".npz":
        clips = _npz(source)
    elif source.suffix == ".parquet" or (source.is_dir() and any(source.glob("*.parquet"))):
        clips = _parquet(source)
    elif source.is_dir():
        clips = _npy_folder(source)
    else:
        raise FeatureError(f"cannot import features from {source}", hint="a folder of .npy, one .npz, or .parquet")
    return write_store(folder, clips, name=name)


def _npy_folder(source: Path) -> Iterator[tuple[str, Any]]:
    paths = sorted(source.glob("*.npy"))
    if not paths:
        raise FeatureError(f"{source} holds neither .npy nor .parquet files")
    for path in paths:
        try:
            yield path.stem, np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise FeatureError(f"{path}: {_reason(error)}") from None


def _npz(source: Path) -> Iterator[tuple[str, Any]]:
    import zipfile

    try:
        with np.load(source, allow_pickle=False) as arrays:
            for clip_id in arrays.files:
                yield clip_id, arrays[clip_id]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FeatureError(f"{source}: {_reason(error)}") from None


def _parquet(source: Path) -> Iterator[tuple[str, Any]]:
    for path in [source] if source.is_file() else sorted(source.glob("*.parquet")):
        try:
            with pq.ParquetFile(path) as file:
                absent = {"clip_id", "features"} - set(file.schema_arrow.names)
                if absent:
                    raise FeatureError(f"{path} has no column {min(absent)!r}", hint="columns: clip_id, features")
                for batch in file.iter_batches(_BATCH, columns=["clip_id", "features"]):
                    yield from _rows(path, batch)
        except (OSError, pa.ArrowInvalid) as error:
            raise FeatureError(f"{path}: {_reason(error)}") from None


def _rows(path: Path, batch: pa.RecordBatch) -> Iterator[tuple[str, Any]]:
    for clip_id, features in zip(batch["clip_id"].to_pylist(), batch["features"], strict=True):
        if clip_id is None or not features.is_valid:
            raise FeatureError(f"{path} has a row without clip_id or features")
        yield clip_id, _array(clip_id, features.values)


def _array(clip_id: str, values: pa.Array) -> Any:
    """A list of numbers -> [D]; a list of equally long lists -> [T, D]."""
    if not pa.types.is_nested(values.type):
        return values.to_numpy(zero_copy_only=False)
    lengths = values.value_lengths().to_numpy(zero_copy_only=False) if len(values) else np.zeros(0, dtype=np.int64)
    if pa.types.is_fixed_size_list(values.type):
        dim = values.type.list_size
    elif len(lengths) and (lengths == lengths[0]).all():
        dim = int(lengths[0])
    else:
        raise FeatureError(f"features of clip {clip_id!r} are lists of unequal length, or there are none")
    return values.flatten().to_numpy(zero_copy_only=False).reshape(len(values), dim)


def _reason(error: Exception) -> str:
    if "allow_pickle" in str(error) or "Object arrays" in str(error):
        return "it holds pickled objects, which could run code; save plain numbers"
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
