"""Files and folders, each thing once: the cache's place, hashes, whole files and whole folders, folders' manifests.

A file or folder appears under its name only when it is complete and on the disk: it is written beside its place, synced
and renamed, so that a process that is killed at any instant leaves the old one or the new one.
"""

import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
PARTIAL_PREFIX = ".partial-"  # of files that are being written


def cache_root() -> Path:
    """The one folder for downloads and converted models: ``$MULTIYOUCOOK2_CACHE``, else ``~/.cache/multiyoucook2``."""
    chosen = os.environ.get("MULTIYOUCOOK2_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "multiyoucook2"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_bytes(path: Path) -> bytes | None:
    """A small file's bytes; ``None`` if there is no such file."""
    return path.read_bytes() if path.is_file() else None


def json_bytes(value: Any) -> bytes:
    """JSON with sorted keys, readable, ending in a newline: equal values give equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


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
    handle, name = tempfile.mkstemp(prefix=PARTIAL_PREFIX, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        write_synced(partial, data)
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Make ``target`` hold exactly ``files`` (relative name -> bytes). Killed between, it is absent, never mixed."""
    fresh = target.with_name(f"{PARTIAL_PREFIX}{target.name}")
    old = target.with_name(f"{PARTIAL_PREFIX}old-{target.name}")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    for name, data in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, data)
    for folder in {(fresh / name).parent for name in files} | {fresh}:
        sync_folder(folder)
    if target.exists():
        target.replace(old)
    fresh.replace(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def parquet_bytes(table: "pa.Table", **options: Any) -> bytes:
    """A table as the bytes of a Parquet file, with zstd; ``options`` are those of ``pyarrow.parquet.write_table``."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def _files(folder: Path) -> list[Path]:
    """The folder's visible files, sub-folders included, in one order everywhere."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    visible = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return sorted(visible, key=lambda path: path.relative_to(folder).as_posix())


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's visible files; where the folder lies does not matter."""
    digest = hashlib.sha256()
    for path in _files(folder):
        content = _sha256_once(path)
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _sha256_once(path: Path) -> str:
    """A build asks for the same model's hashes once a language: gigabytes are read once a process."""
    state = path.stat()
    return _sha256_of_state(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256_of_state(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)


def write_manifest(folder: Path) -> None:
    """Writes ``manifest.json``: the size in bytes and the hash of each file in the folder."""
    rows = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in _files(folder)
        if path.name != MANIFEST
    }
    (folder / MANIFEST).write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def damaged_files(folder: Path) -> list[str]:
    """What differs from the folder's manifest, e.g. ``["model.bin has 12 of 40 bytes"]``; a missing one counts as well.

    Sizes are compared first, so that a truncated file of gigabytes is found at once.
    """
    try:
        rows = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = {str(name): (int(row["bytes"]), str(row["sha256"])) for name, row in rows.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [f"{MANIFEST} is missing or unreadable"]
    found = []
    for name, (size, digest) in wanted.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != size:
            found.append(f"{name} has {path.stat().st_size} of {size} bytes")
        elif _sha256_once(path) != digest:
            found.append(f"{name} has another hash than when it was written")
    return found
