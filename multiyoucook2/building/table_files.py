"""Parquet and JSON Lines of any size for ``mycook translate``: read in chunks, written as parts, and joined."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..files import parquet_bytes
from ..sources.cleaning import shown
from ..sources.formats.lines import read_lines

if TYPE_CHECKING:
    import pyarrow as pa

_LONE = re.compile(r"[\ud800-\udfff]")  # half of a character, which JSON can name and UTF-8 cannot


class Parquet:
    """Parquet, whose parts become row groups; the arguments are those of :class:`Lines`."""

    def __init__(self, source: Path, column: str, added: Sequence[str], chunk: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.source, self.column, self.added, self.chunk = source, column, added, chunk
        try:
            about = pq.read_metadata(source)
            self.schema = about.schema.to_arrow_schema()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(f"{source} is no readable Parquet file: {str(error).splitlines()[0]}") from None
        self.total: int = about.num_rows
        _require_column(source, self.schema.names, column, added)
        kind = self.schema.field(column).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise SourceError(f"column {shown(column)} of {source} holds {kind}, not texts")

    def chunks(self) -> Iterator["pa.Table"]:
        """Tables of ``chunk`` rows, whatever the file's row groups are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.source) as file:
            for batch in file.iter_batches(self.chunk):
                yield pa.Table.from_batches([batch])

    def texts(self, chunk: "pa.Table") -> list[str | None]:
        """The chunk's texts."""
        found: list[str | None] = chunk[self.column].to_pylist()
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
        return parquet_bytes(self._widened(chunk, added))

    def _widened(self, chunk: "pa.Table", added: Mapping[str, list[Any]]) -> "pa.Table":
        import pyarrow as pa

        for name, values in added.items():
            kind = pa.float32() if name.endswith("_score") else pa.string()
            chunk = chunk.append_column(name, pa.array(values, pa.list_(kind) if name.endswith("_flags") else kind))
        return chunk

    def join(self, parts: Sequence[Path], joined: Path) -> None:
        """All parts as one file, row group by row group; without rows there are none, and the columns are there."""
        import pyarrow.parquet as pq

        if parts:
            schema = pq.read_schema(parts[0])
        else:
            schema = self._widened(self.schema.empty_table(), {name: [] for name in self.added}).schema
        with pq.ParquetWriter(joined, schema, compression="zstd") as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))


class Lines:
    """JSON Lines.

    Args:
        column: holds the texts.
        added: the columns to come.
        chunk: rows.
    """

    total = 0  # not known before the end

    def __init__(self, source: Path, column: str, added: Sequence[str], chunk: int) -> None:
        self.source, self.column, self.added, self.chunk = source, column, added, chunk

    def chunks(self) -> Iterator[list[tuple[int, dict[str, Any]]]]:
        """Lists of ``chunk`` records with their lines; empty lines are none."""
        chunk: list[tuple[int, dict[str, Any]]] = []
        for line, row in read_lines(self.source).rows:
            if not isinstance(row, dict):
                raise SourceError(f"{self.source}: line {line}: {row}")
            chunk.append((int(line), row))
            if len(chunk) == self.chunk:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def texts(self, chunk: list[tuple[int, dict[str, Any]]]) -> list[str | None]:
        """The chunk's texts."""
        texts: list[str | None] = []
        for line, row in chunk:
            _require_column(self.source, list(row), self.column, self.added, f" on line {line}")
            text = row[self.column]
            if text is not None and not isinstance(text, str):
                raise SourceError(f"{self.source}: line {line}: {shown(self.column)} is {shown(text)}, not a text")
            if text and _LONE.search(text):
                raise SourceError(f"{self.source}: line {line}: {shown(self.column)} has half of a character")
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

    def join(self, parts: Sequence[Path], joined: Path) -> None:
        """All parts as one file."""
        with joined.open("wb") as whole:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)


def _escaped(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"


def _require_column(source: Path, names: Sequence[str], column: str, added: Sequence[str], where: str = "") -> None:
    if column not in names:
        raise SourceError(
            f"{source} has no column {shown(column)}{where}; it has {', '.join(map(shown, names[:20]))}",
            hint="name the one that holds the texts: --column NAME",
        )
    if there := next((name for name in added if name in names), None):
        raise SourceError(f"{source} has a column {there} already{where}", hint="rename it, or leave the language")
