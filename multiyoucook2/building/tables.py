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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from ..sources.cleaning import shown
from ..sources.formats.lines import read_lines
from ..translation import VERSION
from ..translation.memory import TranslationMemory
from ..translation.table import translate_table

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 20_000  # rows; batches are planned within a chunk, so that another number may give other translations
SUFFIXES = (".parquet", ".jsonl", ".ndjson")
ADDED = {"": "text", "_score": "score", "_flags": "flags"}  # ends of the new columns -> the translations' columns
_LOCKS = "|".join(map(re.escape, LOCK_FILES))
_PART = r"part-\d{6}-[0-9a-f]{16}\.\w+"
_OURS = re.compile(rf"(about\.json|memory|joined|{_PART}|{re.escape(PARTIAL_PREFIX)}.*|{_LOCKS})")
_LONE = re.compile(r"[\ud800-\udfff]")  # half of a character, which JSON can name and UTF-8 cannot
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
    reader = _Parquet(job) if job.source.suffix.lower() == ".parquet" else _Lines(job)
    _require_ours(job.work)
    try:
        with lock(job.work, "file"):
            _claim(job)
            parts, rows = _parts(job, reader)
            reader.join(parts)
    except SourceError:
        if not any(job.work.glob("part-*")):
            _clear(job.work)  # nothing that a mended file could go on with
        raise
    except OSError as error:  # such as a full disk, of which the system does not say where
        raise readable(error, str(job.target)) from None
    _clear(job.work)
    return rows


def _parts(job: FileTranslation, reader: "_Parquet | _Lines") -> tuple[list[Path], int]:
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


class _Parquet:
    """Parquet, whose parts become row groups."""

    def __init__(self, job: FileTranslation) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.job = job
        try:
            about = pq.read_metadata(job.source)
            self.schema = about.schema.to_arrow_schema()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(f"{job.source} is no readable Parquet file: {str(error).splitlines()[0]}") from None
        self.total: int = about.num_rows
        _require_column(job, self.schema.names)
        kind = self.schema.field(job.column).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise SourceError(f"column {shown(job.column)} of {job.source} holds {kind}, not texts")

    def chunks(self) -> Iterator["pa.Table"]:
        """Tables of ``job.chunk`` rows, whatever the file's row groups are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.job.source) as file:
            for batch in file.iter_batches(self.job.chunk):
                yield pa.Table.from_batches([batch])

    def texts(self, chunk: "pa.Table") -> list[str | None]:
        """The chunk's texts."""
        found: list[str | None] = chunk[self.job.column].to_pylist()
        return found

    def content(self, chunk: "pa.Table") -> bytes:
        """What names the chunk's part."""
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, chunk.schema) as writer:
            writer.write_table(chunk)
        return bytes(sink.getvalue())

    def encoded(self, chunk: "pa.Table", added: Mapping[str, list[Any]]) -> bytes:
        """The chunk with its translations as a Parquet file."""
        import pyarrow as pa

        from ..files import parquet_bytes

        for name, values in added.items():
            kind = pa.float32() if name.endswith("_score") else pa.string()
            chunk = chunk.append_column(name, pa.array(values, pa.list_(kind) if name.endswith("_flags") else kind))
        return parquet_bytes(chunk)

    def join(self, parts: Sequence[Path]) -> None:
        """All parts as one file, row group by row group."""
        import pyarrow.parquet as pq

        partial = self.job.work / "joined"
        schema = pq.read_schema(parts[0]) if parts else self.schema
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
        _put(partial, self.job.target)


class _Lines:
    """JSON Lines."""

    total = 0  # not known before the end

    def __init__(self, job: FileTranslation) -> None:
        self.job = job

    def chunks(self) -> Iterator[list[tuple[int, dict[str, Any]]]]:
        """Lists of ``job.chunk`` records with their lines; empty lines are none."""
        chunk: list[tuple[int, dict[str, Any]]] = []
        for line, row in read_lines(self.job.source).rows:
            if not isinstance(row, dict):
                raise SourceError(f"{self.job.source}: line {line}: {row}")
            chunk.append((int(line), row))
            if len(chunk) == self.job.chunk:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def texts(self, chunk: list[tuple[int, dict[str, Any]]]) -> list[str | None]:
        """The chunk's texts."""
        texts: list[str | None] = []
        for line, row in chunk:
            _require_column(self.job, list(row), f" on line {line}")
            text = row[self.job.column]
            if text is not None and not isinstance(text, str):
                raise SourceError(
                    f"{self.job.source}: line {line}: {shown(self.job.column)} is {shown(text)}, not a text"
                )
            if text and _LONE.search(text):
                raise SourceError(f"{self.job.source}: line {line}: {shown(self.job.column)} has half of a character")
            texts.append(text)
        return texts

    def content(self, chunk: list[tuple[int, dict[str, Any]]]) -> bytes:
        """What names the chunk's part."""
        return json.dumps([row for _, row in chunk]).encode()

    def encoded(self, chunk: list[tuple[int, dict[str, Any]]], added: Mapping[str, list[Any]]) -> bytes:
        """The records with their translations, a line each."""
        rows = (row | {name: values[place] for name, values in added.items()} for place, (_, row) in enumerate(chunk))
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        return "".join(f"{_LONE.sub(_escaped, line)}\n" for line in lines).encode()

    def join(self, parts: Sequence[Path]) -> None:
        """All parts as one file."""
        partial = self.job.work / "joined"
        with partial.open("wb") as joined:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, joined)
        _put(partial, self.job.target)


def _escaped(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"


def _put(partial: Path, target: Path) -> None:
    """A complete file to its place, on the disk before it gets its name."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    sync_folder(target.parent)


def _require_column(job: FileTranslation, names: Sequence[str], where: str = "") -> None:
    if job.column not in names:
        raise SourceError(
            f"{job.source} has no column {shown(job.column)}{where}; it has {', '.join(map(shown, names[:20]))}",
            hint="name the one that holds the texts: --column NAME",
        )
    added = (f"{job.column}_{engine.lang}{end}" for engine in job.engines for end in ADDED)
    if there := next((name for name in added if name in names), None):
        raise SourceError(f"{job.source} has a column {there} already{where}", hint="rename it, or leave the language")
