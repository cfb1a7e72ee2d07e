"""Downloads: streamed beside their place, resumed, retried with back-off, checked, then renamed into place.

The first download of a file without a known checksum records the one it found in ``FILE.sha256``; later uses are
checked against that. A partial file and the server's validator (``FILE.part``, ``FILE.part.json``) survive a killed
run.
"""

import codecs
import gzip
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import FetchError, MyCookError
from ..files import Record, atomic_write, cache_root, file_sha256, json_bytes, read_json, sync_folder
from .base import SourceFile

if TYPE_CHECKING:
    import httpx


class _NotTheFile(Exception):
    """An address gives something else, in words."""


class _State(Record):
    """``FILE.part.json``: where a partial file comes from, and by what the server knows whether it still has it."""

    url: str
    validator: str | None


ATTEMPTS = 5  # per address
BACKOFF_S = 1.0  # before the second attempt; doubles each time
_CHUNK = 1 << 16


def fetch(
    source: SourceFile,
    *,
    offline: bool = False,
    cache_dir: Path | None = None,
    note: Callable[[str], None] = lambda message: None,
    progress: Callable[[int, int], None] | None = None,
    backoff_s: float = BACKOFF_S,
) -> Path:
    """The verified file of a registry row, from the cache or from its address.

    Args:
        note: told in one line what is downloaded, how large it is, and what was tried again.
        progress: told the bytes done and in all (in all is 0 where the server does not say).

    Raises:
        FetchError: no address answers, the content is not what it was, or a download is needed while offline.
    """
    from filelock import FileLock

    folder = (cache_dir or cache_root()) / "sources"
    target = folder / source.filename
    if offline and not target.is_file():
        raise FetchError(
            f"{source.filename} is not in the cache ({folder}) and --offline forbids downloads",
            hint=f"run `mycook fetch` once with a network, or give the file: --annotations {source.filename}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{source.filename}.lock"):
        cached = target.is_file()
        if not cached:
            _download_any(source, target, note, progress, backoff_s)
        wrong = _wrong_with(source, target)
        if wrong and cached and not offline:
            note(f"{wrong}; downloading it again")
            target.unlink()
            _download_any(source, target, note, progress, backoff_s)
            wrong = _wrong_with(source, target)
        if wrong:
            if not offline:
                target.unlink()  # what no address gives right is not kept
            raise FetchError(wrong, hint=_way_out(source, target, offline=offline))
    return target


def _wrong_with(source: SourceFile, target: Path) -> str | None:
    """How a file differs from its checksum, which the first download records where the registry has none."""
    other = _something_else(target, target.name)
    if other:
        if source.sha256 is None:
            _record(target).unlink(missing_ok=True)  # earlier versions recorded such a file
        return f"{target} is {other}, not the file"
    found = file_sha256(target)
    expected = source.sha256 or _recorded(target)
    if expected is None:
        atomic_write(_record(target), (found + "\n").encode())
        return None
    return None if found == expected else f"{target} is damaged or was changed: its sha256 is {found}, not {expected}"


def _something_else(path: Path, name: str) -> str | None:
    """What a download is in place of the file, such as a page that asks to log in; ``None`` if it may be the file."""
    with path.open("rb") as file:
        head = file.read(1024).lstrip()
    if not head:
        return "empty"
    if head[:100].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    name = name.lower()
    try:
        if name.endswith(".gz"):
            with gzip.open(path) as unzipped:
                while unzipped.read(1 << 20):  # to the end, where gzip's checksum is
                    pass
        elif name.endswith(".zip") and not zipfile.is_zipfile(path):
            return "no zip archive"
        elif name.endswith(".json") and not head.removeprefix(codecs.BOM_UTF8).startswith((b"{", b"[")):
            return "no JSON"
    except (OSError, EOFError, zlib.error):
        return "no whole gzip archive"
    return None


def _record(target: Path) -> Path:
    return target.with_name(target.name + ".sha256")


def _recorded(target: Path) -> str | None:
    """The checksum of the first download; ``None`` if there is none that can be one."""
    with suppress(OSError, UnicodeDecodeError):
        text = _record(target).read_text(encoding="ascii").strip()
        return text if len(text) == 64 else None
    return None


def _way_out(source: SourceFile, target: Path, *, offline: bool) -> str:
    if offline:
        return f"run it without --offline: {target} is then downloaded again; or give the file with --annotations FILE"
    changed = "" if source.sha256 else f"; if the official file did change, remove {_record(target)}"
    return f"give the file with --annotations FILE{changed}"


def _download_any(
    source: SourceFile,
    target: Path,
    note: Callable[[str], None],
    progress: Callable[[int, int], None] | None,
    backoff_s: float,
) -> None:
    import httpx

    failures: list[str] = []
    for url in source.urls:
        for attempt in range(ATTEMPTS):
            if attempt:
                wait_s = backoff_s * 2 ** (attempt - 1)
                note(f"{failures[-1]}; trying again in {wait_s:g} s")
                time.sleep(wait_s)
            try:
                _download(url, source, target, note, progress)
                return
            except httpx.HTTPStatusError as error:
                code = error.response.status_code
                failures.append(f"{url} answered {code}")
                if code < 500 and code not in (408, 425, 429):
                    break
            except _NotTheFile as error:
                failures.append(str(error))
                break
            except httpx.TooManyRedirects:
                failures.append(f"{url} redirects without end")
                break
            except (httpx.TransportError, httpx.DecodingError) as error:
                failures.append(f"{url}: {str(error) or type(error).__name__}")
            except httpx.InvalidURL as error:
                failures.append(f"{url}: {error}")
                break
    raise FetchError(
        f"{source.filename} could not be downloaded: {failures[-1]}",
        hint="check the network and run the command again (it resumes), or give the file with --annotations FILE",
    )


def _download(
    url: str,
    source: SourceFile,
    target: Path,
    note: Callable[[str], None],
    progress: Callable[[int, int], None] | None,
) -> None:
    """One attempt. Appends to the partial file where the server still serves the same content."""
    import httpx

    partial = target.with_name(target.name + ".part")
    state = target.with_name(target.name + ".part.json")
    headers = {"Accept-Encoding": "identity"} | _resume_headers(url, partial, state)
    with httpx.stream("GET", url, headers=headers, timeout=30, follow_redirects=True) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.unlink(missing_ok=True)  # it is as long as the file, or longer: start over
            raise httpx.RemoteProtocolError("the partial download does not fit the file")
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        have = partial.stat().st_size if resumed else 0
        length = int(response.headers.get("content-length") or 0)
        total = have + length if length else 0
        _refuse_oversize(source, total)
        note(f"downloading {source.filename}, {_size(total)}" + (f", going on at {_size(have)}" if resumed else ""))
        atomic_write(state, json_bytes({"url": url, "validator": _validator(response)}))
        with partial.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                _refuse_oversize(source, have)
                if progress:
                    progress(have, total)
    if total and have != total:
        raise httpx.RemoteProtocolError(f"the connection ended after {have} of {total} bytes")
    other = _something_else(partial, target.name)
    if other:
        partial.unlink()
        state.unlink(missing_ok=True)
        raise _NotTheFile(f"{url} gives {other}")
    partial.replace(target)
    sync_folder(target.parent)
    state.unlink(missing_ok=True)


def _resume_headers(url: str, partial: Path, state: Path) -> dict[str, str]:
    """Ask for the rest only if we know by which validator the server can tell that the file is still the same."""
    have = partial.stat().st_size if partial.is_file() else 0
    with suppress(OSError, MyCookError):
        known = read_json(state, _State)
        if have and known.url == url and known.validator:
            return {"Range": f"bytes={have}-", "If-Range": known.validator}
    return {}


def _validator(response: "httpx.Response") -> str | None:
    """A strong entity tag, else the date of the last change."""
    tag: str | None = response.headers.get("etag")
    return tag if tag and not tag.startswith("W/") else response.headers.get("last-modified")


def _refuse_oversize(source: SourceFile, size: int) -> None:
    if size > source.max_bytes:
        raise FetchError(
            f"{source.filename} is larger than {_size(source.max_bytes)}, which the real file is not",
            hint="something else answers at the official address: give the file with --annotations FILE",
        )


def _size(count: int) -> str:
    if not count:
        return "of unknown size"
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count} bytes"
