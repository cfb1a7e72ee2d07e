"""What a format's reader gives, and the names under which the fields of a caption are usually found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RecipeError, SourceError, nearest
from ..cleaning import shown

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[int | str, Any]  # where it stands (its line, or a name), and the record: a mapping, or anything else if bad

LOOKED_AT = 1000  # records that name the columns, where no header does
# field -> the columns that hold it in data sets of the field, the likeliest first
FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("caption", "captions", "sentence", "sentences", "text", "desc", "description"),
    "clip_id": ("clip_id", "clip_name", "id"),
    "video_id": ("video_id", "videoID", "youtube_id", "vid_name", "video", "image_id", "filename", "file_name"),
    "start": ("start_s", "start", "start_time", "start time"),
    "end": ("end_s", "end", "end_time", "end time"),
    "segment": ("segment", "timestamp", "ts"),  # [start, end] in one column
    "duration": ("duration",),
    "split": ("split", "subset"),
    "url": ("video_url", "url"),
    "category": ("recipe_type", "category"),
}


@dataclass(frozen=True)
class Rows:
    """Rows of a file.

    Attributes:
        columns: the names that records may have; empty where only the records know (JSON).
        rows: read while they are asked for.
        unit: what a number says where a record stands: a line of the file, or a row.
        split: the split that the file's container names, such as a split of a Hub data set.
        license: what the container says of itself.
    """

    columns: Sequence[str]
    rows: Iterator[Row]
    unit: str = "row"
    split: str | None = None
    license: str | None = None


def usual_names(wanted: Mapping[str, str]) -> set[str]:
    """The columns that may hold a field, by their names; ``wanted`` are the user's, by field."""
    return {*wanted.values(), *(name for names in FIELDS.values() for name in names)}


def columns_of(schema: "pa.Schema", wanted: Mapping[str, str]) -> list[str]:
    """A table's columns. One of the videos themselves that is called as their ids often are, ``video``, is none."""
    ids = {name for field, names in FIELDS.items() if field != "text" for name in names} - {*wanted.values()}
    return [column.name for column in schema if column.name not in ids or not _holds_bytes(column.type)]


def _holds_bytes(kind: "pa.DataType") -> bool:
    """Whether values are files, alone or, as the Hub keeps videos and images, beside their names."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return any(_holds_bytes(kind.field(number).type) for number in range(kind.num_fields))
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def choose_columns(found: Iterable[str], wanted: Mapping[str, str], path: Path) -> dict[str, str]:
    """Field -> column: the user's choice, else the usual names.

    Raises:
        SourceError: no column of texts, or a column that was asked for is not there; the message names those that are.
    """
    columns = list(found)
    chosen = {}
    for field, names in FIELDS.items():
        if field in wanted:
            if wanted[field] not in columns:
                raise SourceError(
                    f"{path} has no column {shown(wanted[field])}; it has {_listed(columns)}",
                    hint=f"name the one that holds the {field}: --column {field}=NAME",
                )
            chosen[field] = wanted[field]
            continue
        usual = next((name for name in names if name in columns and name not in wanted.values()), None)
        if usual is not None:
            chosen[field] = usual
    if "text" not in chosen:
        raise SourceError(
            f"{path} has no column of captions that is known by its name; it has {_listed(columns)}",
            hint="name the one that holds the captions: --column text=NAME",
        )
    if chosen.get("clip_id") == "id" and "clip_id" not in wanted and "video_id" in chosen:
        del chosen["clip_id"]  # beside a video id it numbers the rows, or the segments within a video
    return chosen


def late_columns(columns: Iterable[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """The usual names that no record at the start has -> the field that each would hold in a later one."""
    known = {*columns, *(["id"] if "clip_id" not in chosen and "video_id" in chosen else [])}  # there it is no clip's
    return {name: field for field, names in FIELDS.items() for name in names if name not in known}


def overlooked(record: Mapping[str, object], late: Mapping[str, str], chosen: Mapping[str, str]) -> str | None:
    """What of a record no chosen column holds although its name is usual; ``None``: nothing."""
    for name, value in record.items():
        if name in late and value is not None and chosen.get(late[name]) not in record:
            return f"it has {shown(name)}, which none of the first {LOOKED_AT:,} has: give it to the first, too"
    return None


def require_fields(columns: Mapping[str, str]) -> None:
    """Check the names before ``=`` in ``--column``.

    Raises:
        RecipeError: an unknown one.
    """
    for field in columns:
        if field not in FIELDS:
            raise RecipeError(f"--column {field}=...: unknown field {field!r}", hint=nearest(field, FIELDS))


def _listed(columns: Sequence[str]) -> str:
    names = [shown(name) for name in columns]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "") if names else "none"
