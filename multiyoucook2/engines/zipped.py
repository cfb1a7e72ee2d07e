"""A model in a zip, as OPUS-MT releases them: checked, and unpacked into the cache once."""

import errno
import lzma
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ..errors import ModelError, shown
from ..files import file_sha256

# a RuntimeError is a password; seeking to what a damaged table names is an OSError
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError, EOFError),
    *(ValueError, IndexError, OverflowError, OSError),
)
MAX_MEMBERS = 1000
MAX_BYTES = 20 * 10**9  # unpacked; the largest OPUS-MT model has 2


def unzipped(path: Path, cache_dir: Path) -> Path:
    """The folder of a zip's files. Only files at its top are unpacked: a model's are all there.

    Raises:
        ModelError: it is no zip, is damaged, has links or members that point outside of it, or unpacks to too much.
    """
    folder = cache_dir / "zips" / f"{path.stem[:80]}@{file_sha256(path)[:16]}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        with zipfile.ZipFile(path) as archive:
            for member in _members(archive, path):
                with archive.open(member) as packed, (work / member.filename).open("wb") as file:
                    shutil.copyfileobj(packed, file)  # reads no more than the size that the archive names
        if not folder.is_dir():  # another process may have been faster
            os.replace(work, folder)
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # a full disk, for one
        raise ModelError(f"{path} is not a whole zip: {shown(error)}", hint="download it again") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The files at the top of an archive that is safe to unpack."""
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or size > MAX_BYTES:
        raise ModelError(f"{path} holds {len(members)} files of {size // 10**6} MB, which no model does: refused")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in member.filename or not name.name:
            raise ModelError(f"{path} has a member that points outside of it ({shown(member.filename)}): refused")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ModelError(f"{path} has a link as a member ({shown(member.filename)}): refused")
        if len(member.filename.encode(errors="replace")) > 255 and "/" not in member.filename:
            raise ModelError(f"{path} has a member whose name is no file's ({shown(member.filename, 60)}): refused")
    return [member for member in members if not member.is_dir() and "/" not in member.filename]
