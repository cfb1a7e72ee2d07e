"""Import features from plain arrays: a folder of .npy files, one .npz, or Parquet. Nothing here can run code."""

import math
import os
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib import format as npy

from ..errors import FeatureError, MyCookError, shown
from ..files import open_arrow, open_regular
from .store import Array

_BATCH = 256
ARRAY_BYTES = 1 << 30  # of one array; hours of video have less


def array_clips(source: str | Path) -> Iterator[tuple[str, Array]]:
    """(clip_id, array) pairs of plain arrays, each [T, D], or [D] for one frame.

    Args:
        source: a folder with one ``CLIP_ID.npy`` a clip; an ``.npz`` whose keys are clip ids; or a ``.parquet`` file
            (or a folder of them) with the columns ``clip_id`` and ``features``: D numbers, or T lists of D numbers.

    Raises:
        FeatureError: unreadable, pickled objects inside (they could run code), or arrays that do not fit together.
    """
    source = Path(source)
    if not source.exists():
        raise FeatureError(f"there is no {source}")
    if source.suffix == ".npz":
        return _npz(source)
    if source.suffix == ".parquet" or (source.is_dir() and any(source.glob("*.parquet"))):
        return _parquet(source)
    if source.is_dir():
        return _npy_folder(source)
    raise FeatureError(f"cannot import features from {source}", hint="a folder of .npy, one .npz, or .parquet")


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """A damaged file raises whatever its wreckage leads to: here it becomes one error that names the file."""
    try:
        yield
    except (MyCookError, FileNotFoundError):
        raise
    except Exception as error:
        raise FeatureError(f"{shown(path)}: {_reason(error)}") from None


def _npy_folder(source: Path) -> Iterator[tuple[str, Array]]:
    paths = sorted(source.glob("*.npy"))
    if not paths:
        raise FeatureError(f"{source} holds neither .npy nor .parquet files")
    for path in paths:
        with damage_named(path), open_regular(path, FeatureError) as file:
            yield path.stem, read_npy(file, path)


def _npz(source: Path) -> Iterator[tuple[str, Array]]:
    with damage_named(source), open_regular(source, FeatureError) as file, NpzFile(file, source) as arrays:
        yield from arrays.items()


class NpzFile(Mapping[str, Array]):
    """The arrays of an ``.npz`` by name, each read when it is asked for. A context manager.

    Raises:
        Exception: a damaged file raises anything, see :func:`damage_named`.
    """

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._zip, self._path = zipfile.ZipFile(file), path
        self._members = {member.filename.removesuffix(".npy"): member for member in self._zip.infolist()}
        if len(self._members) != len(self._zip.infolist()):
            raise FeatureError(f"{shown(path)} holds two arrays of one name")

    def __enter__(self) -> "NpzFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __getitem__(self, name: str) -> Array:
        member = self._members[name]
        with self._zip.open(member) as array:
            return _read_npy(array, member.file_size, f"{shown(member.filename)} in {shown(self._path)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def read_npy(file: IO[bytes], path: Path) -> Array:
    """The array of an ``.npy`` file that is open; one that is damaged raises anything, see :func:`damage_named`."""
    return _read_npy(file, os.fstat(file.fileno()).st_size, shown(path))


def _read_npy(file: IO[bytes], size: int, where: str) -> Array:
    """An array, whose shape and type are checked against the file's size before memory is taken for it."""
    version = npy.read_magic(file)
    read_head = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read_head(file)
    if dtype.hasobject:
        raise FeatureError(f"{where}: {_PICKLED}")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or not 0 <= count * dtype.itemsize <= min(size, ARRAY_BYTES):
        raise FeatureError(f"{where} says that its shape is {shown(list(shape))}, which is more than the file holds")
    data = file.read(count * dtype.itemsize + 1)
    if len(data) != count * dtype.itemsize:
        raise FeatureError(f"{where} is cut off, or longer than its shape {shown(list(shape))}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _parquet(source: Path) -> Iterator[tuple[str, Array]]:
    for path in [source] if source.is_file() else sorted(source.glob("*.parquet")):
        for row in parquet_rows(path, {"clip_id": is_text, "features": is_list}):
            with damage_named(path):
                yield row["clip_id"].as_py(), list_array(row["clip_id"].as_py(), row["features"])


def parquet_rows(
    path: Path, columns: Mapping[str, Callable[[pa.DataType], bool]], optional: Collection[str] = ()
) -> Iterator[dict[str, pa.Scalar]]:
    """Rows of a Parquet file, of which no value is absent.

    Args:
        columns: name -> whether a type will do; those of ``optional`` may lack.

    Raises:
        FeatureError: unreadable, without a column, a column of another type, or a value that is absent.
    """
    with damage_named(path), open_arrow(path, FeatureError) as source, pq.ParquetFile(source) as file:
        names = file.schema_arrow.names
        chosen = [name for name in columns if name in names or name not in optional]
        for name in chosen:
            if names.count(name) != 1:
                raise FeatureError(f"{path} has no column {name!r}", hint=f"columns: {', '.join(columns)}")
            if not columns[name](file.schema_arrow.field(name).type):
                raise FeatureError(f"column {name!r} of {path} is {file.schema_arrow.field(name).type}")
        for batch in file.iter_batches(_BATCH, columns=chosen):
            batch.validate(full=True)
            if any(batch[name].null_count for name in chosen):
                raise FeatureError(f"{path} has a row without {' or '.join(chosen)}")
            for values in zip(*(batch[name] for name in chosen), strict=True):
                yield dict(zip(chosen, values, strict=True))


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether a column holds lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def list_array(clip_id: str, features: pa.Scalar) -> Array:
    """A list of numbers -> [D]; a list of equally long lists -> [T, D]."""
    values = features.values
    if not pa.types.is_nested(values.type):
        return np.asarray(values.to_numpy(zero_copy_only=False))
    lengths = values.value_lengths().to_numpy(zero_copy_only=False) if len(values) else np.zeros(0, dtype=np.int64)
    if pa.types.is_fixed_size_list(values.type):
        dim = values.type.list_size
    elif len(lengths) and (lengths == lengths[0]).all():
        dim = int(lengths[0])
    else:
        raise FeatureError(f"features of clip {clip_id!r} are lists of unequal length, or there are none")
    return np.asarray(values.flatten().to_numpy(zero_copy_only=False).reshape(len(values), dim))


_PICKLED = "it holds pickled objects, which could run code; save plain numbers"


def _reason(error: Exception) -> str:
    return shown(next((line for line in str(error).splitlines() if line.strip()), type(error).__name__))
