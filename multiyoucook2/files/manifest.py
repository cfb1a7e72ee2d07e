"""A folder's manifest: the size and the hash of each file that we wrote into it, and what differs from that."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from ..errors import WorkspaceError
from .reading import Record, read_json
from .whole import atomic_write, file_sha256, json_bytes, known_sha256

MANIFEST = "manifest.json"


class FileRow(Record):
    """One file of a folder."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: str


def _relative(name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") or len(part.encode(errors="surrogatepass")) > 255 for part in parts):
        raise ValueError("not the name of a file in a folder")
    return name


Files = dict[Annotated[str, AfterValidator(_relative)], FileRow]  # by relative name


class Manifest(Record):
    """What a folder of ours holds: ``kind`` says what it is."""

    kind: str
    files: Files


def entries(folder: Path) -> list[str]:
    """Everything in a folder, hidden files, links and empty folders too, as relative names in one order everywhere."""
    found = []
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _visible(folder: Path) -> list[str]:
    found = [name for name in entries(folder) if not any(part.startswith(".") for part in name.split("/"))]
    return [name for name in found if (folder / name).is_file()]


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's visible files; where the folder lies does not matter."""
    digest = hashlib.sha256()
    for name in _visible(folder):
        digest.update(f"{name}\0{known_sha256(folder / name)}\n".encode())
    return digest.hexdigest()


def write_manifest(folder: Path, kind: str = "model") -> None:
    """Writes ``manifest.json``: what the folder is, and the size in bytes and the hash of each file in it."""
    rows = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": file_sha256(folder / name)}
        for name in _visible(folder)
        if name != MANIFEST
    }
    atomic_write(folder / MANIFEST, json_bytes({"kind": kind, "files": rows}))


def read_manifest(folder: Path) -> Manifest | None:
    """A folder's manifest; ``None`` if there is none that is whole."""
    try:
        return read_json(folder / MANIFEST, Manifest)
    except (OSError, WorkspaceError):
        pass
    try:  # earlier versions wrote the rows alone, for models
        return Manifest(kind="model", files=read_json(folder / MANIFEST, Files))
    except (OSError, WorkspaceError):
        return None


def damaged_files(folder: Path, *, without: Collection[str] = ()) -> list[str]:
    """What differs from the folder's manifest, e.g. ``["model.bin has 12 of 40 bytes"]``; a missing one counts as well.

    Sizes are compared first, so that a truncated file of gigabytes is found at once. ``without`` names files that
    may differ, such as a card.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return [f"{MANIFEST} is missing or unreadable"]
    return differing(folder, {name: row for name, row in manifest.files.items() if name not in without})


def differing(folder: Path, rows: Mapping[str, FileRow]) -> list[str]:
    """Which of these files are not in ``folder`` as they were written, and how they differ."""
    found = []
    for name, row in rows.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != row.bytes:
            found.append(f"{name} has {path.stat().st_size} of {row.bytes} bytes")
        elif known_sha256(path) != row.sha256:
            found.append(f"{name} has another hash than when it was written")
    return found
