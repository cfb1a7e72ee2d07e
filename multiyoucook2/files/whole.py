"""Whole files: written beside their place, synced and renamed, so that a process killed at any instant leaves the old
one or the new one. Hashes, JSON and Parquet as bytes, and the place of the cache."""

import glob
import hashlib
import io
import json
import math
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WorkspaceError

if TYPE_CHECKING:
    import pyarrow as pa

PARTIAL_PREFIX = ".partial-"  # of files and folders that are being written


def cache_root() -> Path:
    """The one folder for downloads and converted models: ``$MULTIYOUCOOK2_CACHE``, else ``~/.cache/multiyoucook2``.

    Raises:
        WorkspaceError: there is no home directory to put it into.
    """
    try:
        chosen = os.environ.get("MULTIYOUCOOK2_CACHE")
        return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "multiyoucook2"
    except RuntimeError:
        raise WorkspaceError(
            "there is no home directory for the cache", hint="set MULTIYOUCOOK2_CACHE to a folder, or set HOME"
        ) from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_bytes(path: Path) -> bytes | None:
    """A small file's bytes; ``None`` if there is no such file."""
    return path.read_bytes() if path.is_file() else None


def json_text(value: object, **layout: Any) -> str:
    """JSON as its standard has it: ``null`` for what is no number, NaN and infinity. ``layout``: see ``json.dumps``."""
    try:
        return json.dumps(value, allow_nan=False, **layout)
    except ValueError:
        return json.dumps(_numbers_alone(value), allow_nan=False, **layout)


def _numbers_alone(value: Any) -> Any:
    """A value of JSON with ``None`` in the place of NaN and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _numbers_alone(one) for name, one in value.items()}
    return [_numbers_alone(one) for one in value] if isinstance(value, list | tuple) else value


def json_bytes(value: object) -> bytes:
    """JSON with sorted keys, readable, ending in a newline: equal values give equal bytes; see :func:`json_text`."""
    return (json_text(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable (a folder cannot be opened on Windows, where renames are journalled)."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_synced(path: Path, data: bytes) -> None:
    """Write bytes and wait until they are on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def atomic_write(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all, replacing what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{PARTIAL_PREFIX}{path.name[:40]}-", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        write_synced(partial, data)
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def require_new(path: Path) -> None:
    """A file that a user names for what we write: nothing that is there is replaced, since no manifest lists it.

    Raises:
        WorkspaceError: there is something, a link or a device included.
    """
    if os.path.lexists(path):
        raise WorkspaceError(f"{path} is there already, and is not replaced", hint="remove it, or name another file")


def clear_partial(path: Path) -> None:
    """Remove what killed calls of :func:`atomic_write` left of one file, which nobody may be writing now."""
    for partial in path.parent.glob(f"{PARTIAL_PREFIX}{glob.escape(path.name[:40])}-*"):
        partial.unlink(missing_ok=True)


def parquet_bytes(table: "pa.Table", **options: Any) -> bytes:
    """A table as the bytes of a Parquet file, with zstd; ``options`` are those of ``pyarrow.parquet.write_table``."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def known_sha256(path: Path) -> str:
    """As :func:`file_sha256`, remembered while the file's size and time stay as they are.

    A build asks for the same model once a language; its gigabytes are then read once a process.
    """
    state = path.stat()
    return _sha256_of_state(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256_of_state(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)
