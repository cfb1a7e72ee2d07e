"""One process in a folder at a time. The system frees a lock however its holder ends."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import WorkspaceError, shown
from .reading import Record, read_json
from .whole import atomic_write, clear_partial, json_bytes

LOCK_FILE = ".mycook.lock"
_HOLDER_FILE = ".mycook.lock.json"
LOCK_FILES = (LOCK_FILE, _HOLDER_FILE)  # what a lock leaves in its folder
_GLANCE_S = 0.5  # `lock` waits so long: `lock_holder`, which only looks, may have it for a moment


class _Holder(Record):
    host: str
    pid: int
    since: float


@contextmanager
def lock(folder: Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder, which is made if need be, for this process.

    Args:
        what: the folder is, for the hint, e.g. ``"build"``.
        wait: however long another process holds it.

    Raises:
        WorkspaceError: another process holds it (the message names its host, its process id and since when), or the
            folder cannot be made.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder / LOCK_FILE, timeout=-1 if wait else _GLANCE_S)
    try:
        while not held.is_locked:
            _make(folder)
            with suppress(FileNotFoundError):  # who held the folder has just moved it to its place
                held.acquire()
    except Timeout:
        raise WorkspaceError(
            f"{shown(folder)} is in use by {_holder(folder)}",
            hint=f"wait until it ends, stop it, or choose another folder for this {what}, mostly with --out",
        ) from None
    except NotImplementedError:  # filelock's answer to a file system without locks
        raise WorkspaceError(f"{shown(folder)} cannot be locked", hint="choose a folder on another disk") from None
    try:
        clear_partial(folder / _HOLDER_FILE)
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "since": time.time()}
        atomic_write(folder / _HOLDER_FILE, json_bytes(holder))
        yield
    finally:
        with suppress(OSError):
            (folder / _HOLDER_FILE).unlink(missing_ok=True)
        held.release()


def lock_holder(folder: Path) -> str | None:
    """Who holds a folder, in words; ``None`` if nobody does."""
    from filelock import FileLock, Timeout

    if not (folder / LOCK_FILE).exists():
        return None
    try:
        with FileLock(folder / LOCK_FILE, timeout=0):
            return None
    except Timeout:
        return _holder(folder)


def _holder(folder: Path) -> str:
    try:
        found = read_json(folder / _HOLDER_FILE, _Holder)
    except (OSError, WorkspaceError):
        return "another process"
    minutes, seconds = divmod(round(min(max(0.0, time.time() - found.since), 1e9)), 60)
    return f"process {found.pid} on {shown(found.host, 60)}, for {minutes} min {seconds} s"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise WorkspaceError(f"{shown(folder)} is not a folder", hint="choose another folder with --out") from None
    except PermissionError:
        raise WorkspaceError(
            f"{shown(folder)} cannot be made: permission denied", hint="choose a folder of yours with --out"
        ) from None
