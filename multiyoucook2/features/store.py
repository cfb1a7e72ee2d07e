"""The feature store: clip_id -> frames x dimensions, in two flat files that open in milliseconds.

::

    FOLDER/
      features.json   name, dimension, type, counts, content hash, and what the maker wants to remember
      index.arrow     one row a clip: clip_id, first frame, number of frames
      frames.bin      all frames end to end, little-endian, [frames, D], memory-mapped
      manifest.json   size and hash of each of these, as in every folder of ours

The content hash covers ids and values, not their order or the folder.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ..errors import FeatureError, shown
from ..files import (
    FileRow,
    Record,
    fresh_folder,
    json_bytes,
    known_sha256,
    open_regular,
    read_arrow,
    read_json,
    read_manifest,
    refuse_foreign,
    write_synced,
)

MANIFEST, INDEX, FRAMES = "features.json", "index.arrow", "frames.bin"
FORMAT = 1
KIND = "feature store"
MAX_DIM = 2**24
INDEX_SCHEMA = pa.schema([("clip_id", pa.string()), ("first", pa.int64()), ("frames", pa.int32())])
_COLUMNS = {field.name: field.type for field in INDEX_SCHEMA}
_VERIFIED: set[tuple[Path, str, int, int]] = set()  # stores whose frames this process has checked
Array = npt.NDArray[Any]  # of any number type


class _About(Record):
    """``features.json``."""

    format: int
    name: Annotated[str, Field(max_length=200)]
    dim: Annotated[int, Field(ge=1, le=MAX_DIM)]
    dtype: Literal["float16", "float32"]
    clips: Annotated[int, Field(ge=1, le=2**40)]
    frames: Annotated[int, Field(ge=0, le=2**40)]
    content_hash: str
    meta: dict[str, object]


@dataclass(frozen=True)
class Source:
    """What an importer reads: the features' name, (clip_id, array [T, D]) pairs, and what the store should remember."""

    name: str
    clips: Iterator[tuple[str, Array]]
    meta: Mapping[str, object] = field(default_factory=dict)


class FeatureStore:
    """Features of one kind, read-only. Made by :func:`write_store`, opened by :meth:`open`.

    Attributes:
        name: what they are, for signatures: ``"s3d"``, ``"clip"``, ``"simulated"``.
        dim: D. ``content_hash``: 16 hex digits. ``meta``: what the maker noted, e.g. the simulator's difficulty.
    """

    def __init__(self, folder: Path, about: _About, index: pa.Table, frames: Array) -> None:
        self.folder, self._index, self._unchecked = folder, index, frames
        self.name, self.dim, self.content_hash = about.name, about.dim, about.content_hash
        self.meta = dict(about.meta)
        self._first = index["first"].to_numpy()
        self._count = index["frames"].to_numpy()

    @classmethod
    def open(cls, folder: str | Path) -> "FeatureStore":
        """Open a store without reading its frames; they are checked against the content hash when first asked for.

        Raises:
            FeatureError: no store there, one that was cut off or changed, or one of a newer format.
        """
        folder, again = Path(folder), "make it again"
        try:
            about = read_json(folder / MANIFEST, _About, error=FeatureError, hint=again)
            if about.format != FORMAT:
                raise FeatureError(f"{shown(folder)} is a feature store of format {about.format}, not {FORMAT}")
            index = read_arrow(folder / INDEX, _COLUMNS, error=FeatureError, hint=again)
            with open_regular(folder / FRAMES, FeatureError) as file:
                size = os.fstat(file.fileno()).st_size
        except (FileNotFoundError, NotADirectoryError):
            raise FeatureError(
                f"{shown(folder)} is no feature store",
                hint="make one with `mycook features import` or `mycook features simulate`",
            ) from None
        dtype = np.dtype(about.dtype).newbyteorder("<")
        if size != about.frames * about.dim * dtype.itemsize or len(index) != about.clips:
            raise FeatureError(f"the feature store {shown(folder)} is cut off", hint=again)
        if not _end_to_end(index, about.frames):
            raise FeatureError(f"the feature store {shown(folder)} is damaged: its index is not sound", hint=again)
        shape = (about.frames, about.dim)
        frames = np.memmap(folder / FRAMES, dtype, "r", shape=shape) if about.frames else np.zeros(shape, dtype)
        return cls(folder, about, index, frames)

    @cached_property
    def _frames(self) -> Array:
        """All frames [frames, D], once they are known to be what was written."""
        self.verify()
        return self._unchecked

    def verify(self) -> None:
        """Check ids and values against the content hash: all bytes are read, once a process for a file unchanged.

        Raises:
            FeatureError: they are not what was written.
        """
        state = (self.folder / FRAMES).stat()
        place = (self.folder.absolute(), self.content_hash, state.st_size, state.st_mtime_ns)
        if place in _VERIFIED:
            return
        rows = zip(self.clip_ids, self._first.tolist(), self._count.tolist(), strict=True)
        found = (_clip_digest(clip, self._unchecked[first : first + count]) for clip, first, count in rows)
        if _hash_of(found) != self.content_hash:
            raise FeatureError(
                f"the feature store {shown(self.folder)} is damaged: its content is not what was written",
                hint="make it again",
            )
        _VERIFIED.add(place)

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

    def without_frames(self, clip_ids: Sequence[str]) -> list[str]:
        """Those of the clips that the store has, but without a frame."""
        return [
            clip for clip, row in zip(clip_ids, self.rows(clip_ids), strict=True) if row >= 0 and not self._count[row]
        ]

    def longer_than(self, frames: int, clip_ids: Sequence[str]) -> int:
        """How many of the clips have more frames."""
        rows = self.rows(clip_ids)
        return int((self._count[rows[rows >= 0]] > frames).sum())

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
    clips: Iterable[tuple[str, Array]],
    *,
    name: str,
    dtype: str = "float16",
    meta: Mapping[str, object] | None = None,
) -> FeatureStore:
    """Write a store, whole or not at all, replacing an earlier store in ``folder``.

    Args:
        clips: (clip_id, array [T, D]) pairs, read once; T may be 0, D must be the same throughout; a vector [D] counts
            as one frame.
        name: what the features are, for signatures; letters, digits, ``.``, ``_``, ``-``.
        dtype: ``"float16"`` or ``"float32"``.
        meta: anything JSON can hold.

    Raises:
        FeatureError: no clip, a double clip, another dimension, NaN or infinity (also by overflow of float16);
            the message names the clip. WorkspaceError: the folder holds what is not a store of ours, unchanged.
    """
    folder = Path(folder)
    _check_name(name)
    with fresh_folder(folder, KIND, known=_earlier_files(folder)) as fresh:
        ids, counts, dim, content_hash = _write_frames(fresh / FRAMES, clips, np.dtype(dtype).newbyteorder("<"))
        first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        index = pa.table(
            {"clip_id": ids, "first": first, "frames": np.array(counts, dtype=np.int32)}, schema=INDEX_SCHEMA
        )
        with pa.OSFile(str(fresh / INDEX), "wb") as sink, pa.ipc.new_file(sink, index.schema) as writer:
            writer.write_table(index.combine_chunks())
        about = {
            "format": FORMAT,
            "name": name,
            "dim": dim,
            "dtype": dtype,
            "clips": len(ids),
            "frames": sum(counts),
            "content_hash": content_hash,
            "meta": dict(meta or {}),
        }
        write_synced(fresh / MANIFEST, json_bytes(about))
    return FeatureStore.open(folder)


def require_store_place(folder: Path) -> None:
    """Check before hours of work that :func:`write_store` may put a store into ``folder``.

    Raises:
        WorkspaceError: it holds what is not a store of ours, unchanged.
    """
    refuse_foreign(Path(os.path.realpath(folder)), KIND, known=_earlier_files(folder))


def _write_frames(
    path: Path, clips: Iterable[tuple[str, Array]], dtype: np.dtype[Any]
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
            file.write(array.tobytes())
            digests.append(_clip_digest(clip_id, array))
    if not counts:
        raise FeatureError("there are no clips to make a feature store of")
    return list(counts), list(counts.values()), dim, _hash_of(digests)


def _clip_digest(clip_id: str, array: Array) -> bytes:
    """SHA-256 of a clip's id, shape, type and values."""
    head = f"{clip_id}\0{array.shape}\0{array.dtype.str}\0".encode()
    return hashlib.sha256(head + array.tobytes()).digest()


def _hash_of(digests: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:16]


def _end_to_end(index: pa.Table, frames: int) -> bool:
    """Whether the clips' frames lie one after the other, from the first frame to the last, under different ids."""
    first, count = index["first"].to_numpy(), index["frames"].to_numpy().astype(np.int64)
    ends = np.cumsum(count)
    sound = bool((count >= 0).all()) and bool((first == ends - count).all()) and int(ends[-1]) == frames
    return sound and pc.count_distinct(index["clip_id"]).as_py() == len(index)


def _frames(clip_id: str, value: object, dtype: np.dtype[Any]) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise FeatureError(f"features of clip {clip_id!r} are {array.dtype}, not numbers")
    array = array[None] if array.ndim == 1 and array.size else array
    if array.ndim != 2 or not 0 < array.shape[1] <= MAX_DIM:
        raise FeatureError(f"features of clip {clip_id!r} have shape {list(array.shape)}, not [frames, dimensions]")
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(array.astype(dtype))
    if not np.isfinite(stored).all():
        row = int(np.argwhere(~np.isfinite(stored))[0][0])
        what = "a value too large for float16" if np.isfinite(array).all() else "NaN or infinity"
        raise FeatureError(f"features of clip {clip_id!r} hold {what}, first in frame {row}")
    return stored


def _check_name(name: str) -> None:
    if not name or not all(letter.isalnum() or letter in "._-" for letter in name):
        raise FeatureError(f"a name of features cannot be {name!r}", hint="letters, digits, '.', '_' and '-', e.g. s3d")


def _earlier_files(folder: Path) -> dict[str, FileRow] | None:
    """The files of a store that was made before stores had a manifest, if it is whole: its content hash says so."""
    if not (folder / MANIFEST).is_file() or read_manifest(folder) is not None:
        return None
    try:
        FeatureStore.open(folder).verify()
    except FeatureError:
        return None
    paths = {name: folder / name for name in (MANIFEST, INDEX, FRAMES)}
    return {name: FileRow(bytes=path.stat().st_size, sha256=known_sha256(path)) for name, path in paths.items()}
