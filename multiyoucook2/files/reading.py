"""Strict readers: what a file may be, how large, and of which types, is checked before anything is made of it.

A file may be damaged, edited by hand, a pipe, or somebody else's; each reader ends in a value of the type that was
asked for, or in one error that names the file. A file that is not there raises ``FileNotFoundError``, which callers
answer in their own words.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ..errors import MyCookError, WorkspaceError, readable, shown

if TYPE_CHECKING:
    import pyarrow as pa

JSON_BYTES = 64 * 1024 * 1024  # the largest that we write is a report of some 100 kB
TEXT_BYTES = 64 * 1024 * 1024
TABLE_BYTES = 16 * 1024**3  # of a table's columns once they are unpacked
Value = TypeVar("Value")
Errors = type[MyCookError]


class Record(BaseModel):
    """A JSON object that we read back: exact types, finite numbers; keys that are not known are left out."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, extra="ignore")


def open_regular(path: Path, error: Errors = WorkspaceError) -> BinaryIO:
    """A file opened for reading, if it is one: a pipe or a device could be read for ever, or hang at once.

    Raises:
        FileNotFoundError: it is not there.
        error: a folder, a pipe or a device; or it may not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except ValueError:  # a NUL in a name
        raise error(f"{shown(path)} is no path of a file") from None
    except OSError as refusal:
        if isinstance(readable(refusal), OSError):
            raise
        raise error(f"{shown(path)} cannot be read: {refusal.strerror}") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise error(f"{shown(path)} is {'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'}, not a file")
    return os.fdopen(handle, "rb")


@contextmanager
def open_arrow(path: Path, error: Errors = WorkspaceError) -> "Iterator[pa.OSFile]":
    """As :func:`open_regular`, for Arrow to read from.

    Not a Python file: Arrow's threads would call it, even while the interpreter ends, which aborts the process. And not
    the path: Arrow and pyarrow take some names for addresses.
    """
    import pyarrow as pa

    with open_regular(path, error), pa.OSFile(os.fsencode(path)) as file:
        yield file


def read_bytes(path: Path, *, error: Errors = WorkspaceError, limit: int = TEXT_BYTES) -> bytes:
    """A file's bytes, ``limit`` of them at most; see :func:`open_regular`."""
    with open_regular(path, error) as file:
        size = os.fstat(file.fileno()).st_size  # a larger number would take that much memory at once
        data = file.read(min(size, limit) + 1)
    if len(data) > limit:
        raise error(f"{shown(path)} holds more than {limit // 1_000_000:,} MB, which no file of its kind does")
    return data


def read_text(path: Path, *, error: Errors = WorkspaceError, limit: int = TEXT_BYTES) -> str:
    """A UTF-8 file's text, with or without a byte order mark; see :func:`open_regular`."""
    data = read_bytes(path, error=error, limit=limit)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        raise error(f"{shown(path)} is not UTF-8: byte {wrong.start} is {data[wrong.start]:#04x}") from None


def read_json(
    path: Path, kind: type[Value], *, error: Errors = WorkspaceError, hint: str = "", limit: int = JSON_BYTES
) -> Value:
    """A JSON file as a value of a type, e.g. a :class:`Record` or ``dict[str, int]``.

    Refused are other types, NaN and infinity, nesting beyond some two hundred levels, and lone surrogates.

    Raises:
        FileNotFoundError: it is not there.
        error: anything else that is wrong with it, in one line with ``hint``.
    """
    return parse_json(read_bytes(path, error=error, limit=limit), kind, shown(path), error=error, hint=hint)


def parse_json(
    data: bytes | str, kind: type[Value], where: str, *, error: Errors = WorkspaceError, hint: str = ""
) -> Value:
    """See :func:`read_json`; ``where`` is what an error calls the text."""
    from pydantic_core import from_json

    try:
        from_json(data, allow_inf_nan=False)
        found: Value = TypeAdapter(kind).validate_json(data, strict=True)
        return found
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(shown(part, 60) for part in first["loc"][:6])
        raise error(f"{where} is damaged: {f'{place}: ' if place else ''}{first['msg']}", hint=hint) from None
    except (ValueError, RecursionError) as wrong:
        raise error(f"{where} is damaged: it is no JSON: {shown(wrong)}", hint=hint) from None


def read_parquet(
    path: Path,
    columns: "Mapping[str, pa.DataType] | Sequence[str] | None" = None,
    *,
    error: Errors = WorkspaceError,
    hint: str = "",
    limit: int = TABLE_BYTES,
) -> "pa.Table":
    """Columns of a Parquet file, valid to the last value.

    Args:
        columns: names with types, each of which the file must have; or names alone, where any type will do; all that
            it has if not given.
        limit: bytes that the columns may unpack to.

    Raises:
        FileNotFoundError: it is not there.
        error: no Parquet, cut off, without a column, or one of another type; the message names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_arrow(path, error) as source:
        try:
            with pq.ParquetFile(source) as file:
                about = file.metadata
                size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
                if not 0 <= size <= limit or about.num_rows < 0:
                    raise error(f"{shown(path)} says that it unpacks to {size:,} bytes: refused", hint=hint)
                _check_schema(file.schema_arrow, columns or (), path, error, hint)
                table = file.read(columns=None if columns is None else list(columns))
            table.validate(full=True)
            return table
        except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as wrong:
            raise error(f"{shown(path)} is damaged: {_first_line(wrong)}", hint=hint) from None


def read_arrow(
    path: Path, columns: "Mapping[str, pa.DataType]", *, error: Errors = WorkspaceError, hint: str = ""
) -> "pa.Table":
    """Columns of an Arrow file (IPC), valid to the last value; see :func:`read_parquet`."""
    import pyarrow as pa

    data = read_bytes(path, error=error, limit=TABLE_BYTES)
    try:
        table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
        _check_schema(table.schema, columns, path, error, hint)
        table = table.select(list(columns))
        table.validate(full=True)
        return table
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as wrong:
        raise error(f"{shown(path)} is damaged: {_first_line(wrong)}", hint=hint) from None


def _check_schema(found: "pa.Schema", columns: Iterable[str], path: Path, error: Errors, hint: str) -> None:
    types: Mapping[str, object] = columns if isinstance(columns, Mapping) else {}
    for name in columns:
        if found.names.count(name) != 1:
            raise error(f"{shown(path)} has no column {name!r}", hint=hint)
        if name in types and found.field(name).type != types[name]:
            raise error(f"column {name!r} of {shown(path)} is {found.field(name).type}, not {types[name]}", hint=hint)


def _first_line(wrong: Exception) -> str:
    return shown(next((line for line in str(wrong).splitlines() if line.strip()), type(wrong).__name__))
