"""Hashes of a folder's files: a truncated or bit-flipped model file is found and named before it is used."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

MANIFEST = "manifest.json"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    return sha256_of(path)


def write_manifest(folder: Path) -> None:
    """Writes ``manifest.json``: the size in bytes and the hash of each file in the folder."""
    rows = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
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
