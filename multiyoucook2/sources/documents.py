"""A whole JSON document of a user, read strictly: its encoding, its syntax, no key twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import SourceError
from .archive import read_annotations
from .base import Refused, require_sound
from .cleaning import shown

_DAMAGED = "it may be cut off or edited by hand: copy or download it again"
MAX_BYTES = 1024**3  # a document is held in memory as a whole, at several times its size


def read_document(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """The value of a JSON file, or of the one JSON file in a ``.tar.gz``.

    Raises:
        SourceError: unreadable, not UTF-8, not JSON, or with a key that is there twice in one object.
    """
    data = read_annotations(path, max_bytes)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{path} is not UTF-8: byte {error.start} is {data[error.start]:#04x} (line {line})",
            hint="JSON is UTF-8: save it so",
        ) from None
    doubles: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            doubles.extend(sorted(key for key, count in Counter(keys).items() if count > 1))
        return found

    try:
        parsed = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}", hint=_DAMAGED
        ) from None
    except (RecursionError, ValueError) as error:  # nested without end; a number of thousands of digits
        raise SourceError(f"{path} is not readable JSON: {error}", hint=_DAMAGED) from None
    require_sound(path, [Refused(shown(key), "this key is there twice") for key in doubles], "remove one of them")
    return parsed
