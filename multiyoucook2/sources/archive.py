"""Bytes of an annotation file, plain or inside a ``.tar.gz``; nothing is ever unpacked to the disk."""

import gzip
import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..errors import SourceError, shown
from ..files import open_regular

MAX_BYTES = 256 * 1024 * 1024  # the real file has 4 MB
MAX_MEMBERS = 1000


def require_file(path: Path) -> None:
    """Check that a path is a file that can be read.

    Raises:
        SourceError: it is not.
    """
    with _opened(path):
        pass


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path, SourceError)
    except FileNotFoundError:
        raise SourceError(
            f"{path} does not exist", hint="check the path given with --annotations or --captions"
        ) from None


def read_annotations(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The JSON bytes of an annotation file, or of the one ``*.json`` in a tar.gz archive.

    Raises:
        SourceError: missing, truncated or damaged; larger than ``max_bytes`` unpacked; or an archive with links, with
            members that point outside of it, or without exactly one JSON file.
    """
    with _opened(path) as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            return _bounded(file.read(max_bytes + 1), path, max_bytes)
    return _from_archive(path, max_bytes)


def _bounded(data: bytes, path: Path, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise SourceError(
            f"{path} holds more than {max_bytes // 1_000_000} MB, which no annotation file does",
            hint="captions of your own are read line by line as CSV, JSON Lines or Parquet: --captions FILE",
        )
    return data


class _Bounded(io.RawIOBase):
    """A reader that stops a decompression bomb: it gives at most ``limit`` bytes."""

    def __init__(self, file: gzip.GzipFile, limit: int, path: Path) -> None:
        self._file, self._left, self._limit, self._path = file, limit, limit, path

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size if size >= 0 else self._left + 1, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise SourceError(f"{self._path} unpacks to more than {self._limit // 1_000_000} MB: refused as a bomb")
        return data


def _from_archive(path: Path, max_bytes: int) -> bytes:
    try:
        with gzip.open(path) as unzipped:
            reader = _Bounded(unzipped, max_bytes, path)
            found = _json_members(reader, path)
            while reader.read(1 << 16):  # to the end, where gzip's checksum is
                pass
    except SourceError:
        raise
    except Exception as error:  # a damaged archive raises whatever its wreckage leads to
        if isinstance(error, tarfile.ReadError) and ".tar" not in path.suffixes and path.suffix != ".tgz":
            raise SourceError(
                f"{path} is packed with gzip, and is no tar.gz archive",
                hint=f"unpack it, and give what comes out: gunzip --keep {path.name}",
            ) from None
        raise SourceError(
            f"{path} is not a whole tar.gz archive: {shown(error)}",
            hint="remove it and fetch it again, or give the JSON itself",
        ) from None
    if len(found) != 1:
        raise SourceError(
            f"{path} should hold one JSON file; it holds {len(found)}: {', '.join(sorted(found)) or 'none'}"
        )
    return next(iter(found.values()))


def _json_members(reader: io.RawIOBase, path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=reader, mode="r|") as archive:
        for count, member in enumerate(archive, 1):
            if count > MAX_MEMBERS:
                raise SourceError(f"{path} has more than {MAX_MEMBERS} members: refused")
            _refuse_unsafe(member, path)
            if member.isfile() and member.name.endswith(".json") and not _is_hidden(member.name):
                content = archive.extractfile(member)
                found[member.name] = content.read() if content else b""
    return found


def _is_hidden(name: str) -> bool:
    """Such as the ``._x.json`` that macOS puts beside a file."""
    return PurePosixPath(name).name.startswith(".")


def _refuse_unsafe(member: tarfile.TarInfo, path: Path) -> None:
    name = PurePosixPath(member.name.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0:1]:
        raise SourceError(f"{path} has a member that points outside of it ({member.name!r}): refused")
    if not (member.isfile() or member.isdir()):
        raise SourceError(f"{path} has a link or device as a member ({member.name!r}): refused")
