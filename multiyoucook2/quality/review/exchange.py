"""Reviews as CSV: to look at them in a spreadsheet, or to carry them to another machine."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from ...errors import WorkspaceError, shown
from ...files import atomic_write, by_column, column_names, read_text, require_new, table_cells
from .overlay import Reviews, Said, require_name

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

    What holds then follows from the times: an action that is older than what is there overrides nothing.

    Raises:
        WorkspaceError: unreadable, without a column, or a row that is no review; it is named.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise WorkspaceError(f"{shown(path)} does not exist") from None
    reader, line = table_cells(text, path), 1
    try:
        names = column_names(next(reader, []))
        absent = [column for column in COLUMNS if column not in names]
        if absent:
            raise WorkspaceError(f"{shown(path)} has no column {absent[0]!r}", hint=f"columns: {', '.join(COLUMNS)}")
        found, line = [], reader.line_num + 1  # where the next row begins
        for cells in reader:
            if cells:
                found.append(_read(by_column(names, cells)))
            line = reader.line_num + 1
    except (csv.Error, ValueError) as wrong:  # pydantic's errors are of the second kind
        raise WorkspaceError(
            f"line {line} of {shown(path)} is no review: {_reason(wrong)}", hint="mend or remove that line"
        ) from None
    known = {(name, said) for name in reviews.reviewers() for said in reviews.lines(name)}
    new: dict[str, list[Said]] = {}
    for name, said in dict.fromkeys(found):
        if (name, said) not in known:
            new.setdefault(name, []).append(said)
    for name, actions in new.items():
        reviews.append(name, *actions)
    return sum(map(len, new.values()))


def _guarded(value: str) -> str:
    return f"{_GUARD}{value}" if value.startswith((*_FORMULA, _GUARD)) else value


def _read(row: Mapping[str, str]) -> tuple[str, Said]:
    """A row's reviewer and action.

    Raises:
        ValueError: it has none.
    """
    values = {name: row[name].removeprefix(_GUARD) for name in COLUMNS}
    reviewer = values.pop("reviewer")
    try:
        require_name(reviewer)
    except WorkspaceError as wrong:
        raise ValueError(str(wrong)) from None
    return reviewer, Said.model_validate(values, strict=False)


def _reason(wrong: Exception) -> str:
    if not isinstance(wrong, ValidationError):
        return str(wrong)
    first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
    return ": ".join([*map(str, first["loc"]), first["msg"].removeprefix("Value error, ")])
