"""Your own captions: CSV, TSV, JSON Lines, Parquet, the usual JSON shapes, a Hub data set or a folder like one.

A record is a caption; records with the same clip id are captions of one clip. A field that holds a list of texts gives
a caption each.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, field_validator

from ..errors import RecipeError, SourceError
from ..languages import YOUCOOK2_LANGUAGES, language
from .base import SOURCES, Credit, Reading, SourceOptions, SourceRow
from .cleaning import shown
from .formats import delimited, hub, json_shapes, lines, parquet
from .formats.base import Rows, choose_columns, late_columns, overlooked, require_fields
from .gather import Gather, split_of, split_of_name


class CustomOptions(SourceOptions):
    """How a user's files are to be read."""

    language: str = Field("en", description="what the captions are written in")
    columns: dict[str, str] = Field(default_factory=dict, description="field -> column, where not by a usual name")
    split: str | None = Field(None, description="of files and Hub splits that do not say it by a column or their name")
    splits: dict[str, str] = Field(default_factory=dict, description="their names of splits -> train, validation, test")
    encoding: str | None = Field(None, description="of CSV and TSV; UTF-8 by default")
    config: str | None = Field(None, description="of a Hub data set that has several")

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        return language(value).code

    @field_validator("columns")
    @classmethod
    def _fields(cls, value: dict[str, str]) -> dict[str, str]:
        require_fields(value)
        return value

    @field_validator("split")
    @classmethod
    def _split(cls, value: str | None) -> str | None:
        if value is not None and split_of(value) is None:
            raise ValueError(f"{value!r} is none of train, validation and test")
        return split_of(value)


@dataclass(frozen=True)
class Custom(SourceRow):
    """Anyone's captions: credited to nobody, unless the user or the data set's README says to whom."""

    def locate(self, path: Path, *, offline: bool) -> Path:
        """A file, a folder, or ``hf:owner/name``, which is downloaded."""
        if str(path).startswith(hub.PREFIX):
            return hub.snapshot(str(path).removeprefix(hub.PREFIX), offline=offline)
        return path if path.is_dir() else super().locate(path, offline=offline)

    def read(self, paths: Sequence[Path], options: CustomOptions) -> Reading:
        """See the module. Files are read one after the other, into one data set."""
        _require_use(paths, options)
        gather = Gather(paths, skip_bad=options.skip_bad)
        licenses = []
        for path in paths:
            gather.file = path
            segments: defaultdict[str | None, Counter[str]] = defaultdict(Counter)  # a split may have several files
            for rows in open_rows(path, options):
                _Records(path, rows, options, gather, segments[rows.split]).take()
                licenses.append(rows.license)
        reading = gather.finish()
        known = sorted({name for name in licenses if name})
        several = reading.captions.num_rows > reading.clips.num_rows
        notes = [f"{reading.captions.num_rows:,} captions of {reading.clips.num_rows:,} clips"] if several else []
        credit = Credit(license=", ".join(known)) if known else Credit()
        return Reading(reading.clips, reading.captions, credit, reading.refused, (*reading.notes, *notes))


def open_rows(path: Path, options: CustomOptions) -> list[Rows]:
    """The rows of a file or folder, by its kind.

    Raises:
        SourceError: unknown, or unreadable.
    """
    if path.is_dir():
        return hub.read_folder(path, options.config, options.columns, options.encoding)
    suffix = path.suffix.lower()
    if _is_delimited(path):
        return [delimited.read_delimited(path, options.encoding)]
    if suffix in lines.SUFFIXES:
        return [lines.read_lines(path)]
    if suffix in parquet.SUFFIXES:
        return [parquet.read_parquet(path, options.columns)]
    if suffix in json_shapes.SUFFIXES:
        return [json_shapes.read_json_shape(path)]
    raise SourceError(
        f"{path} is of no known kind by its name",
        hint="known are .csv, .tsv, .jsonl, .parquet, .json, a folder as on the Hub, and hf:owner/name",
    )


def _require_use(paths: Sequence[Path], options: CustomOptions) -> None:
    """Refuse a file that is given twice, whose captions would be doubled, and options that no file heeds.

    Raises:
        SourceError: there is one. RecipeError: there is such an option.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise SourceError(f"{', '.join(map(str, paths))}: a file is given twice", hint="give each once")
    folder = any(path.is_dir() for path in paths)
    if options.config is not None and not folder:
        raise RecipeError("--config is of data sets as on the Hub, which no file here is", hint="leave it out")
    if options.encoding is not None and not folder and not any(_is_delimited(path) for path in paths):
        raise RecipeError("--encoding is of CSV and TSV, which no file here is", hint="leave it out")


def _is_delimited(path: Path) -> bool:
    return path.suffix.lower() in delimited.SUFFIXES


_NAMES = ("clip_id", "video_id", "url", "category")  # of which a table makes 1.0 of 1 where another row has none


class _Records:
    """One file's records, on their way into clips and captions."""

    def __init__(self, path: Path, rows: Rows, options: CustomOptions, gather: Gather, segments: Counter[str]) -> None:
        self.rows, self.options, self.gather = rows, options, gather
        self.column = choose_columns(rows.columns, options.columns, path)
        self.default = self._default(path)
        self.late = late_columns(rows.columns, self.column)
        self.of_clip = [column for name, column in self.column.items() if name != "text"]
        self.segments = segments  # video -> how many so far, for ids of clips without any

    def take(self) -> None:
        """Read all."""
        gather, lang, text_column = self.gather, self.options.language, self.column["text"]
        gather.unit = self.rows.unit
        named, late = "clip_id" in self.column, frozenset(self.late)
        last: list[object] = []
        clip_id: str | None = None
        for where, record in self.rows.rows:
            if not isinstance(record, dict):
                gather.refuse(where, str(record))
                continue
            if not late.isdisjoint(record) and (wrong := overlooked(record, self.late, self.column)):
                gather.refuse(where, wrong)
                continue
            said = list(map(record.get, self.of_clip))
            if said != last or not named:  # the same clip as before, mostly, where it has several
                last, clip_id = said, self._clip(where, record)
            elif clip_id is None:
                gather.refuse(where, "its clip was refused")
            if clip_id is None:
                continue
            found = record.get(text_column)
            if isinstance(found, list):
                for text in found:
                    gather.caption(where, clip_id, lang, text)
                if not found:
                    gather.refuse(where, "the list of captions is empty")
            else:
                gather.caption(where, clip_id, lang, found)

    def _default(self, path: Path) -> str:
        """The split of the records that name none: the Hub split's that they are in, else the file's."""
        asked, hub_split = self.options.split, self.rows.split
        if hub_split is None:
            return asked or (None if path.is_dir() else split_of_name(path.name)) or "train"
        found = self._split_of(hub_split) or split_of_name(hub_split) or asked
        if found is None and "split" not in self.column:
            raise SourceError(
                f"{path} has the split {shown(hub_split)}, which says none of train, validation and test",
                hint=f"say which: --set source_options.splits.{hub_split}=train, or --split train for all such splits",
            )
        return found or hub_split  # the latter refuses a row that names none itself

    def _said(self, record: Mapping[str, object]) -> object:
        """The split that the record names, in its own words; where it names none, the file's."""
        said = record.get(self.column["split"]) if "split" in self.column else None
        return self.default if said is None or said == "" else said

    def _split_of(self, value: object) -> str | None:
        return split_of(self.options.splits.get(value, value)) if isinstance(value, str) else None

    def _clip(self, where: int | str, record: Mapping[str, object]) -> str | None:
        """The id of a record's clip, which is made known; ``None`` if it was refused."""
        gather, column = self.gather, self.column
        said = self._said(record)
        split = self._split_of(said)
        if split is None:
            gather.refuse(where, f"the split is {shown(said)}, none of train, validation and test")
            return None

        def get(name: str) -> object:
            return record.get(column[name]) if name in column else None

        for field in _NAMES:
            if isinstance(found := get(field), float) and not math.isnan(found):
                name = f"the {field.replace('_', ' ')} is {shown(found)}, a number with a decimal point"
                gather.refuse(where, f"{name}: save the column {shown(column[field])} as text, or as whole numbers")
                return None
        start, end, segment = get("start"), get("end"), get("segment")
        if segment is not None and segment != "":
            if not isinstance(segment, list) or len(segment) != 2:
                gather.refuse(where, f"the times are {shown(segment)}, not [start, end] in seconds")
                return None
            start, end = segment
        video, number, made_up = _name(get("video_id")), 0, False
        if "clip_id" in column:
            clip_id = _name(get("clip_id"))
        elif video and start not in (None, ""):
            number = self.segments[video]
            clip_id = f"{video}_{number}"
            self.segments[video] += 1
        elif "video_id" in column:
            clip_id = video
        else:
            clip_id, made_up = gather.made_up_id(split), True
        kept = gather.clip(
            where,
            clip_id,
            split,
            made_up=made_up,
            video_id=video or "",
            url=_name(get("url")) or "",
            start_s=start,
            end_s=end,
            duration=get("duration"),
            segment_index=number,
            category=_name(get("category")) or "",
        )
        return clip_id if kept else None


def _name(value: object) -> str | None:
    """A name or number of a file as a text."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


SOURCES.add(
    Custom(
        "custom",
        YOUCOOK2_LANGUAGES,
        options=CustomOptions,
        version=6,
        needs="your captions: --captions FILE, a folder, or hf:owner/name",
    )
)
