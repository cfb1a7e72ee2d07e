"""Reviews as CSV: to look at them in a spreadsheet, or to carry them to another machine."""

import csv
import io
from pathlib import Path

from pydantic import ValidationError

from ...errors import WorkspaceError, shown
from ...files import atomic_write, read_text, require_new
from .overlay import Reviews, Said

COLUMNS = ("reviewer", "time", "clip_id", "caption_index", "lang", "seen", "action", "text")
# A cell that begins so is taken for a formula by spreadsheets; an apostrophe in front keeps it a text there.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"


def export_csv(reviews: Reviews, path: Path) -> int:
    """Write every action of every reviewer into a new file; returns how many.

    Raises:
        WorkspaceError: ``path`` is there already.
    """
    require_new(path)
    sink, count = io.StringIO(), 0
    writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for name in reviews.reviewers():
        for said in reviews.lines(name):
            values = {"reviewer": name, **said.model_dump()}
            writer.writerow([_guarded(str(values[column])) for column in COLUMNS])
            count += 1
    atomic_write(path, sink.getvalue().encode())
    return count


def import_csv(reviews: Reviews, path: Path) -> int:
    """Add the actions that are not known yet; returns how many. Nothing is added if a row is wrong.

    Raises:
        WorkspaceError: unreadable, without a column, or a row that is no review; it is named.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise WorkspaceError(f"{shown(path)} does not exist") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if absent:
        raise WorkspaceError(f"{shown(path)} has no column {absent[0]!r}", hint=f"columns: {', '.join(COLUMNS)}")
    found = [_read(row, number, path) for number, row in enumerate(reader, 2)]
    known = {(name, said) for name in reviews.reviewers() for said in reviews.lines(name)}
    new = [pair for pair in dict.fromkeys(found) if pair not in known]
    for name, said in new:
        reviews.append(name, said)
    return len(new)


def _guarded(value: str) -> str:
    return f"{_GUARD}{value}" if value.startswith((*_FORMULA, _GUARD)) else value


def _read(row: dict[str, str], number: int, path: Path) -> tuple[str, Said]:
    try:
        values = {name: row[name].removeprefix(_GUARD) for name in COLUMNS}
        return values.pop("reviewer"), Said.model_validate(values, strict=False)
    except (ValidationError, AttributeError):  # a cell that is none, or none there
        raise WorkspaceError(f"line {number} of {shown(path)} is no review", hint="mend or remove that line") from None
