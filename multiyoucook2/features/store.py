"""The feature store: clip_id -> frames x dimensions, in two flat files that open in milliseconds.

::

    FOLDER/
      features.json   name, dimension, type, counts, content hash, and what the maker wants to remember
      index.arrow     one row a clip: clip_id, first frame, number of frames
      frames.bin      all frames end to end, little-endian, [frames, D], memory-mapped

The content hash covers ids and values, not their order or the folder.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import FeatureError
from ..files import json_bytes, sync_folder, write_synced

MANIFEST, INDEX, FRAMES = "features.json", "index.arrow", "frames.bin"
FORMAT = 1
Array = npt.NDArray[Any]


class FeatureStore:
    """Features of one kind, read-only. Made by :func:`write_store`, opened by :meth:`open`.

    Attributes:
        name: what they are, for signatures: ``"s3d"``, ``"clip"``, ``"simulated"``.
        dim: D. ``content_hash``: 16 hex digits. ``meta``: what the maker noted, e.g. the simulator's difficulty.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], index: pa.Table, frames: Array) -> None:
        self.folder, self._index, self._frames = folder, index, frames
        self.name: str = manifest["name"]
        self.dim: int = manifest["dim"]
        self.content_hash: str = manifest["content_hash"]
        self.meta: dict[str, Any] = dict(manifest["meta"])
        self._first = index["first"].to_numpy()
        self._count = index["frames"].to_numpy()

    @classmethod
    def open(cls, folder: str | Path) -> "FeatureStore":
        """Open a store without reading its frames.

        Raises:
            FeatureError: no store there, one that was cut off, or one of a newer format.
        """
        folder = Path(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                raise FeatureError(f"{folder} is a feature store of format {manifest['format']}, not {FORMAT}")
            with pa.memory_map(str(folder / INDEX)) as source:
                index = pa.ipc.open_file(source).read_all()
            shape = (manifest["frames"], manifest["dim"])
            dtype = np.dtype(manifest["dtype"])
            if (folder / FRAMES).stat().st_size != shape[0] * shape[1] * dtype.itemsize or len(index) != manifest[
                "clips"
            ]:
                raise FeatureError(f"the feature store {folder} is cut off", hint="make it again")
            frames = np.memmap(folder / FRAMES, dtype, "r", shape=shape) if shape[0] else np.zeros(shape, dtype)
            return cls(folder, manifest, index, frames)
        except FileNotFoundError:
            raise FeatureError(
                f"{folder} is no feature store",
                hint="make one with `mycook features import` or `mycook features simulate`",
            ) from None
        except (ValueError, KeyError, TypeError, OSError, pa.ArrowInvalid) as error:
            raise FeatureError(f"the feature store {folder} is damaged: {error}", hint="make it again") from None

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, clip_id: object) -> bool:
        return clip_id in self._row_of

    def __getitem__(self, clip_id: str) -> Array:
        """Frames of one clip [T, D], a read-only view; T may be 0. KeyError for an unknown clip."""
        row = self._row_of[clip_id]
        return self._frames[self._first[row] : self._first[row] + self._count[row]]

    def __iter__(self) -> Iterator[tuple[str, Array]]:
        return ((clip_id, self[clip_id]) for clip_id in self.clip_ids)

    @cached_property
    def clip_ids(self) -> list[str]:
        """All clip ids, in the order of writing."""
        ids: list[str] = self._index["clip_id"].to_pylist()
        return ids

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {clip_id: row for row, clip_id in enumerate(self.clip_ids)}

    def rows(self, clip_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Row of each clip, -1 where the store has no such clip."""
        found = pc.index_in(pa.array(clip_ids, pa.string()), value_set=self._index["clip_id"])
        rows: npt.NDArray[np.int64] = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return rows

    def gather(
        self, rows: Sequence[int] | npt.NDArray[np.int64], *, max_frames: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """First ``max_frames`` frames of the clips at ``rows``: float32 [B, T, D]; mask [B, T], True where a frame is.

        T is the longest of them, 1 at least; padding is 0. A row of -1 (no features) comes out without any frame.
        """
        counts = [min(int(self._count[row]), max_frames) if row >= 0 else 0 for row in rows]
        longest = max([1, *counts])
        video_BTD = np.zeros((len(counts), longest, self.dim), dtype=np.float32)
        for item, (row, count) in enumerate(zip(rows, counts, strict=True)):
            if count:
                video_BTD[item, :count] = self._frames[self._first[row] : self._first[row] + count]
        return video_BTD, np.arange(longest) < np.array(counts, dtype=np.int64)[:, None]

    def to_table(self) -> pa.Table:
        """clip_id and features (lists of D-lists), e.g. to publish as a data set config or to import elsewhere."""
        values = pa.array(np.ascontiguousarray(self._frames).reshape(-1))
        frames = pa.FixedSizeListArray.from_arrays(values, self.dim)
        # rows lie end to end in the order of writing, so the offsets are the running sums of the counts
        offsets = pa.array(np.concatenate([[0], np.cumsum(self._count)]).astype(np.int32))
        return pa.table({"clip_id": self._index["clip_id"], "features": pa.ListArray.from_arrays(offsets, frames)})


def write_store(
    folder: str | Path,
    clips: Iterable[tuple[str, Any]],
    *,
    name: str,
    dtype: str = "float16",
    meta: Mapping[str, Any] | None = None,
) -> FeatureStore:
    """Write a store, whole or not at all, replacing an earlier store in ``folder``.

    Args:
        clips: (clip_id, array [T, D]) pairs, read once; T may be 0, D must be the same throughout; a vector [D] counts
            as one frame.
        name: what the features are, for signatures; letters, digits, ``.``, ``_``, ``-``.
        dtype: ``"float16"`` or ``"float32"``.
        meta: anything JSON can hold.

    Raises:
        FeatureError: no clip, a double clip, another dimension, NaN or infinity (also by overflow of float16), or a
            folder that holds something else; the message names the clip.
    """
    folder = Path(folder)
    _check_target(folder, name)
    partial = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        ids, counts, dim, content_hash = _write_frames(partial / FRAMES, clips, np.dtype(dtype).newbyteorder("<"))
        first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        index = pa.table({"clip_id": ids, "first": first, "frames": np.array(counts, dtype=np.int32)})
        with pa.OSFile(str(partial / INDEX), "wb") as sink, pa.ipc.new_file(sink, index.schema) as writer:
            writer.write_table(index.combine_chunks())
        manifest = {
            "format": FORMAT,
            "name": name,
            "dim": dim,
            "dtype": dtype,
            "clips": len(ids),
            "frames": sum(counts),
        }
        manifest |= {"content_hash": content_hash, "meta": dict(meta or {})}
        write_synced(partial / MANIFEST, json_bytes(manifest))
        sync_folder(partial)
        old = folder.with_name(f".partial-old-{folder.name}")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.replace(old)
        partial.replace(folder)
        sync_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return FeatureStore.open(folder)


def _write_frames(
    path: Path, clips: Iterable[tuple[str, Any]], dtype: np.dtype[Any]
) -> tuple[list[str], list[int], int, str]:
    counts: dict[str, int] = {}
    digests: list[bytes] = []
    dim = 0
    with path.open("wb") as file:
        for clip_id, value in clips:
            array = _frames(clip_id, value, dtype)
            if clip_id in counts:
                raise FeatureError(f"clip {clip_id!r} has features twice")
            if counts and array.shape[1] != dim:
                raise FeatureError(f"clip {clip_id!r} has {array.shape[1]} dimensions, the clips before it {dim}")
            dim = array.shape[1]
            counts[clip_id] = len(array)
            data = array.tobytes()
            file.write(data)
            head = f"{clip_id}\0{array.shape}\0{dtype.str}\0".encode()
            digests.append(hashlib.sha256(head + data).digest())
    if not counts:
        raise FeatureError("there are no clips to make a feature store of")
    return list(counts), list(counts.values()), dim, hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:16]


def _frames(clip_id: str, value: Any, dtype: np.dtype[Any]) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise FeatureError(f"features of clip {clip_id!r} are {array.dtype}, not numbers")
    array = array[None] if array.ndim == 1 and array.size else array
    if array.ndim != 2 or not array.shape[1]:
        raise FeatureError(f"features of clip {clip_id!r} have shape {list(array.shape)}, not [frames, dimensions]")
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(array.astype(dtype))
    if not np.isfinite(stored).all():
        row = int(np.argwhere(~np.isfinite(stored))[0][0])
        what = "a value too large for float16" if np.isfinite(array).all() else "NaN or infinity"
        raise FeatureError(f"features of clip {clip_id!r} hold {what}, first in frame {row}")
    return stored


def _check_target(folder: Path, name: str) -> None:
    if not name or not all(letter.isalnum() or letter in "._-" for letter in name):
        raise FeatureError(f"a name of features cannot be {name!r}", hint="letters, digits, '.', '_' and '-', e.g. s3d")
    if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise FeatureError(f"{folder} exists and is no feature store", hint="choose a new folder")
