"""Whole folders: made beside their place and swapped in, so that a killed process leaves the old one or the new one.

The one rule: a folder is replaced only if a manifest of ours lists everything in it, and all that is there is as we
wrote it. A file that is not listed, or was changed since, is somebody's: the folder is refused, and the file named.
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import WorkspaceError, shown
from .locks import LOCK_FILE, LOCK_FILES, lock, lock_holder
from .manifest import MANIFEST, FileRow, differing, entries, read_manifest, write_manifest
from .whole import PARTIAL_PREFIX, atomic_write, json_bytes, sync_folder, write_synced

_NEW, _OLD = "new", "old"
_CHOOSE = "choose a new or empty folder with --out, or move that away"


@contextmanager
def fresh_folder(target: Path, kind: str, *, known: Mapping[str, FileRow] | None = None) -> Iterator[Path]:
    """A new, empty folder that takes ``target``'s place when the block ends well; a link at ``target`` is followed.

    Args:
        kind: what the folder is, e.g. ``"feature store"``: it replaces only another of its kind.
        known: files of the folder that is there, by relative name, where it is so old that it has no manifest.

    Raises:
        WorkspaceError: ``target`` holds what is not ours to replace, or another process is writing it.
    """
    target = Path(os.path.realpath(target))
    refuse_foreign(target, kind, known=known)
    work = work_folder(target)
    if work.is_dir() and any(work.iterdir()) and not (work / LOCK_FILE).is_file():
        raise WorkspaceError(f"{shown(work)} is in the way: it is not ours", hint="move it away")
    with lock(work, kind):
        _settle(target, work)
        try:
            new = work / _NEW
            new.mkdir()
            yield new
            write_manifest(new, kind)
            _sync(new)
            refuse_foreign(target, kind, known=known)
            _swap(target, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def replace_folder(
    target: Path, files: Mapping[str, bytes], kind: str, *, known: Mapping[str, FileRow] | None = None
) -> None:
    """Make ``target`` hold exactly ``files`` (relative name -> bytes) and their manifest; see :func:`fresh_folder`."""
    with fresh_folder(target, kind, known=known) as folder:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_synced(path, data)


def update_file(folder: Path, name: str, data: bytes) -> None:
    """Replace one file of a folder that :func:`fresh_folder` made, and say so in its manifest."""
    manifest = read_manifest(folder)
    atomic_write(folder / name, data)
    if manifest is not None:
        row = FileRow(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        rows = {**manifest.files, name: row}
        atomic_write(folder / MANIFEST, json_bytes(manifest.model_copy(update={"files": rows}).model_dump()))


def refuse_foreign(target: Path, kind: str, *, known: Mapping[str, FileRow] | None = None) -> None:
    """Check that a folder may be replaced: absent, empty, or ours, of this kind, and unchanged but for lacking files.

    Raises:
        WorkspaceError: it may not; the message names the first file that is in the way.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise WorkspaceError(f"{shown(target)} is not a folder", hint="choose another folder with --out")
    there = entries(target)
    if not there:
        return
    manifest = read_manifest(target)
    if manifest is not None and manifest.kind != kind:
        raise WorkspaceError(f"{shown(target)} holds {_a(shown(manifest.kind, 40))}, not {_a(kind)}", hint=_CHOOSE)
    rows = manifest.files if manifest is not None else known or {}
    ours = {*rows, *([MANIFEST] if manifest is not None else [])}
    foreign = next((name for name in there if name not in ours), None)
    if foreign is not None:
        raise WorkspaceError(
            f"{shown(target)} is not replaced: {shown(foreign)} in it is not of {_a(kind)} that we made", hint=_CHOOSE
        )
    changed = differing(target, {name: row for name, row in rows.items() if (target / name).exists()})
    if changed:
        raise WorkspaceError(
            f"{shown(target)} is not replaced: {changed[0]}",
            hint="move that file away if the change is yours, remove it if not, and run the same command again",
        )


def _a(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


def foreign_entry(folder: Path, ours: Collection[str]) -> str | None:
    """The first name in a folder that is neither among ``ours`` nor left by a lock or a killed write of ours."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    left = {*LOCK_FILES, *ours}
    return next((name for name in names if name not in left and not name.startswith(PARTIAL_PREFIX)), None)


def claim_folder(folder: Path, marker: str, kind: str, *, ours: Collection[str] = ()) -> None:
    """Check that a folder may be worked in: absent, empty but for ``ours``, or marked as one of its kind.

    Raises:
        WorkspaceError: it holds something else, which the message names.
    """
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"{shown(folder)} is not a folder", hint="choose another folder with --out")
    foreign = None if (folder / marker).is_file() else foreign_entry(folder, ours)
    if foreign is not None:
        raise WorkspaceError(
            f"{shown(folder)} is not empty and no {kind} folder (it holds {shown(foreign)!r})",
            hint="choose a new or empty folder with --out",
        )


def work_folder(target: Path) -> Path:
    """Where a folder is made before it takes ``target``'s place: hidden, beside it, locked while it is written."""
    return target.with_name(f"{PARTIAL_PREFIX}{target.name}")


def clear_leftovers(folder: Path) -> None:
    """Finish or remove what killed processes were writing in ``folder``; what is being written now is left alone."""
    for work in folder.glob(f"{PARTIAL_PREFIX}*"):
        if not work.is_dir():
            continue
        if not any(work.iterdir()):
            work.rmdir()
        elif (work / LOCK_FILE).is_file() and lock_holder(work) is None:
            with lock(work, "folder"):
                _settle(work.with_name(work.name[len(PARTIAL_PREFIX) :]), work)
                shutil.rmtree(work, ignore_errors=True)


def _settle(target: Path, work: Path) -> None:
    """After a kill between the two renames of a swap, the old folder goes back; then the work folder is emptied."""
    if (work / _OLD).is_dir() and not os.path.lexists(target):
        (work / _OLD).replace(target)
    for name in (_NEW, _OLD):
        shutil.rmtree(work / name, ignore_errors=True)


def _swap(target: Path, work: Path) -> None:
    before = set(entries(target)) if target.is_dir() else set()
    if target.exists():
        target.replace(work / _OLD)
        came = set(entries(work / _OLD)) - before
        if came:  # between the check and the rename
            (work / _OLD).replace(target)
            raise WorkspaceError(f"{shown(target)} is not replaced: {shown(min(came))} appeared in it", hint=_CHOOSE)
    (work / _NEW).replace(target)
    sync_folder(target.parent)


def _sync(folder: Path) -> None:
    """Have everything in a folder on the disk before it is renamed."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
