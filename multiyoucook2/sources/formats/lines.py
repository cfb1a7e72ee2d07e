"""JSON Lines: an object a line."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ...errors import SourceError
from ..archive import require_file
from .base import LOOKED_AT, Row, Rows

SUFFIXES = (".jsonl", ".ndjson")
NO_OBJECT = "it is not a JSON object"


def read_lines(path: Path) -> Rows:
    """Rows by line; a line that is no object is the row's fault. The first thousand lines name the columns."""
    require_file(path)
    first = list(islice(_rows(path), LOOKED_AT))
    names = dict.fromkeys(name for _, row in first if isinstance(row, dict) for name in row)
    if not names:
        said = f": line {first[0][0]}: {first[0][1]}" if first and isinstance(first[0][1], str) else ""
        raise SourceError(f"{path} has no JSON object{said}", hint='a line is such as {"caption": "cut it"}, in UTF-8')
    return Rows(list(names), _rows(path), unit="line")


def _rows(path: Path) -> Iterator[Row]:
    from pydantic_core import from_json  # four times as fast as json, which says better what is wrong

    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            try:
                row = from_json(line, cache_strings="keys")
            except ValueError:
                if line.strip():
                    yield number, _carefully(line)
            else:
                yield number, row if isinstance(row, dict) else NO_OBJECT


def _carefully(line: bytes) -> object:
    """The value of a line that the fast parser refuses, or what is wrong with it in words."""
    try:
        row: object = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return f"it is not UTF-8: byte {line[error.start]:#04x}"
    except json.JSONDecodeError as error:
        return f"it is not JSON: column {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        return f"it is not readable JSON: {error}"
    return row if isinstance(row, dict) else NO_OBJECT
