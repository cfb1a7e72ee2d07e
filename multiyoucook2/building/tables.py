"""``mycook translate IN OUT``: a Parquet or JSON Lines file of any size, with its translations as further columns.

The file is read a chunk of rows at a time, and each finished chunk becomes a part in ``OUT.work``; parts that are there
are kept, so that a killed run goes on after its last one. At the end they are joined, and the folder is removed. Memory
depends on the chunk, not on the file. A text that two chunks have is translated in both: what a chunk gives depends on
nothing but its rows.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..engines.decoding import Decoding
from ..engines.kind import ResolvedEngine
from ..errors import SourceError, readable
from ..files import (
    LOCK_FILES,
    PARTIAL_PREFIX,
    atomic_write,
    file_bytes,
    foreign_entry,
    json_bytes,
    lock,
    require_new,
    sync_folder,
)
from ..progress import Listener, Silent
from ..runners.base import Runner
from ..sources.archive import require_file
from ..translation import VERSION
from ..translation.memory import TranslationMemory
from ..translation.table import translate_table
from .table_files import Lines, Parquet

CHUNK = 20_000  # rows; batches are planned within a chunk, so that another number may give other translations
SUFFIXES = (".parquet", ".jsonl", ".ndjson")
ADDED = {"": "text", "_score": "score", "_flags": "flags"}  # ends of the new columns -> the translations' columns
_LOCKS = "|".join(map(re.escape, LOCK_FILES))
_PART = r"part-\d{6}-[0-9a-f]{16}\.\w+"
_OURS = re.compile(rf"(about\.json|memory|joined|{_PART}|{re.escape(PARTIAL_PREFIX)}.*|{_LOCKS})")
_ABOUT = "about.json"  # of the folder of parts: what they depend on
_KEY = re.compile(rb'"[0-9a-f]{64}"\n')


@dataclass(frozen=True)
class FileTranslation:
    """What is to be done; ``column`` holds the texts, and each engine adds its language's columns."""

    source: Path
    target: Path
    column: str
    engines: Sequence[ResolvedEngine]
    decoding: Decoding
    device: str = "auto"
    threads: int | None = None
    runner: Runner | None = None
    chunk: int = CHUNK
    listener: Listener = field(default_factory=Silent)

    @property
    def work(self) -> Path:
        """The folder of finished parts."""
        return self.target.with_name(f"{self.target.name}.work")

    @property
    def added(self) -> list[str]:
        """The new columns."""
        return [f"{self.column}_{engine.lang}{end}" for engine in self.engines for end in ADDED]

    def key(self) -> str:
        """A hash of all that the parts depend on beside the rows, which name each part."""
        engines = [engine.fingerprint(self.decoding) for engine in self.engines]
        values = [self.column, engines, self.chunk, self.device, VERSION]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def translate_file(job: FileTranslation) -> int:
    """Translate a file into another of the same kind; the number of its rows.

    The new columns are ``COLUMN_XX``, ``COLUMN_XX_score`` and ``COLUMN_XX_flags``; a row without a text has none.

    Raises:
        SourceError: not such a file, without the column, or with a row that holds no text there.
        WorkspaceError: another process writes the same file.
        ModelError, FetchError, WorkspaceError: as ``translation.table.translate_table``; finished parts are kept.
    """
    require_file(job.source)
    for path in (job.source, job.target):
        if path.suffix.lower() not in SUFFIXES:
            raise SourceError(f"{path} is no Parquet or JSON Lines file by its name", hint="give .parquet or .jsonl")
    if job.source.suffix.lower() != job.target.suffix.lower() or job.source.resolve() == job.target.resolve():
        raise SourceError(f"{job.target} is not another file of the same kind as {job.source}")
    require_new(job.target)
    kind: type[Parquet | Lines] = Parquet if job.source.suffix.lower() == ".parquet" else Lines
    reader = kind(job.source, job.column, job.added, job.chunk)
    _require_ours(job.work)
    try:
        with lock(job.work, "file"):
            _claim(job)
            parts, rows = _parts(job, reader)
            joined = job.work / "joined"
            reader.join(parts, joined)
            _put(joined, job.target)
    except SourceError:
        if not any(job.work.glob("part-*")):
            _clear(job.work)  # nothing that a mended file could go on with
        raise
    except OSError as error:  # such as a full disk, of which the system does not say where
        raise readable(error, str(job.target)) from None
    _clear(job.work)
    return rows


def _parts(job: FileTranslation, reader: Parquet | Lines) -> tuple[list[Path], int]:
    """A file for each chunk, made now or found made, and the number of rows in all."""
    parts, rows = [], 0
    for number, chunk in enumerate(reader.chunks()):
        texts = reader.texts(chunk)
        content = hashlib.sha256(reader.content(chunk)).hexdigest()[:16]
        part = job.work / f"part-{number:06d}-{content}{job.target.suffix}"
        if not part.is_file():
            added = _translated(texts, job, job.work / "memory")
            atomic_write(part, reader.encoded(chunk, added))
            shutil.rmtree(job.work / "memory", ignore_errors=True)
        parts.append(part)
        rows += len(texts)
        job.listener.progress(rows, reader.total)
    return parts, rows


def _require_ours(work: Path) -> None:
    """Check that the folder of parts is absent, ours, or empty but for what a killed process left of a lock.

    Raises:
        SourceError: it is none of these, and nothing in it is touched.
    """
    if not os.path.lexists(work):
        return
    marked = _KEY.fullmatch(file_bytes(work / _ABOUT) or b"") or foreign_entry(work, ()) is None
    if not work.is_dir() or not marked or not all(map(_OURS.fullmatch, os.listdir(work))):
        raise SourceError(f"{work} is in the way, and not ours", hint="remove it, or choose another output")


def _claim(job: FileTranslation) -> None:
    """Begin, or go on where the same run was stopped; the folder is locked."""
    require_new(job.target)  # whoever held the folder may have finished
    about, key = job.work / _ABOUT, json_bytes(job.key())
    if file_bytes(about) not in (None, key):
        _clear(job.work, keep=LOCK_FILES)
    atomic_write(about, key)


def _clear(work: Path, keep: Collection[str] = ()) -> None:
    """Remove what is ours in the folder of parts, and the folder if that was all."""
    for path in work.iterdir():
        if path.is_dir() and path.name == "memory":
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in keep and _OURS.fullmatch(path.name):
            path.unlink()
    if not any(work.iterdir()):
        work.rmdir()


def _translated(texts: Sequence[str | None], job: FileTranslation, memory: Path) -> dict[str, list[Any]]:
    """The new columns of a chunk."""
    import pyarrow as pa

    places = [place for place, text in enumerate(texts) if text]
    captions = pa.table({"clip_id": [str(place) for place in places], "text": [texts[place] for place in places]})
    added: dict[str, list[Any]] = {}
    for engine in job.engines:
        found = translate_table(
            captions,
            engine=engine,
            decoding=job.decoding,
            device=job.device,
            threads=job.threads,
            memory=TranslationMemory(memory),
            runner=job.runner,
        )
        for end, column in ADDED.items():
            values: list[Any] = [None] * len(texts)
            for place, value in zip(places, found[column].to_pylist(), strict=True):
                values[place] = value
            added[f"{job.column}_{engine.lang}{end}"] = values
    return added


def _put(partial: Path, target: Path) -> None:
    """A complete file to its place, on the disk before it gets its name."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    sync_folder(target.parent)
