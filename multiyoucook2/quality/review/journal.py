"""Files that only grow, a line at a time: a line counts once its end is there.

A process that is killed, or a disk that is full, can leave the beginning of a line behind. It was never answered for,
so readers leave it out, and the next line takes its place.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ...errors import WorkspaceError, shown
from ...files import open_regular, sync_folder

MOST_BYTES = 1 << 30  # that are read of a file
_CHUNK = 1 << 16
_PATIENCE_S = 10  # with another process that writes the same file, which takes milliseconds


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Add lines, which come without their ends, and wait until they are on the disk. The folder is made if need be.

    Raises:
        WorkspaceError: the disk refuses.
    """
    from filelock import FileLock

    data = "".join(f"{line}\n" for line in lines).encode()
    try:
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=_PATIENCE_S), path.open("a+b") as file:
            end = _end_of_lines(file)
            file.truncate(end)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not end:  # the file is new: its name has to be on the disk, too
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
    except (OSError, NotImplementedError) as error:  # the second is filelock's answer to a file system without locks
        raise WorkspaceError(
            f"{shown(path)} cannot be written: {getattr(error, 'strerror', None) or error}",
            hint="mend that (free some space on a full disk), then repeat the last action",
        ) from None


def whole_lines(path: Path, start: int = 0) -> tuple[int, bytes]:
    """The whole lines of a file from a byte on, and that byte: 0 if the file has become shorter than ``start``.

    Raises:
        WorkspaceError: a folder, a pipe or a device; or it may not be read, or is too large.
    """
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return 0, b""
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_BYTES:
            raise WorkspaceError(f"{shown(path)} holds more than {MOST_BYTES // 1_000_000:,} MB")
        start = start if start <= size else 0
        file.seek(start)
        data = file.read(size - start)
    return start, data[: data.rfind(b"\n") + 1]


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _CHUNK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
