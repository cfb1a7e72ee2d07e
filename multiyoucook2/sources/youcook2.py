"""YouCook2: recipe videos cut into steps with a sentence each.

Three formats are read: the official JSON (:mod:`.formats.youcook2`; beside it the official file of the testing videos,
whose segments have no sentences), the dense-caption JSON of many users (``yc2_train.json``), and the CSV with the 3,350
validation clips that the field evaluates retrieval on (``end,start,task,text,video_id``). All name a clip by its video
and the number of its segment there. The bundled corpus is a file of the official format.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pyarrow as pa

from ..corpus.tables import CLIP, FLAGS
from ..errors import SourceError
from ..languages import YOUCOOK2_LANGUAGES
from .base import SOURCES, Credit, Reading, SourceFile, SourceOptions, SourceRow
from .cleaning import shown
from .documents import read_document
from .formats.base import Rows, choose_columns
from .formats.delimited import read_delimited
from .formats.json_shapes import PLACEHOLDER, dense_rows
from .formats.youcook2 import VIDEO_ID, clips_of, video_url
from .gather import Gather, split_of_name

SEGMENT = pa.schema([*CLIP, ("caption", pa.string()), ("flags", FLAGS)])  # a clip with its one caption
# SHA-256 over the ids, times, splits and captions of the 13,829 clips, whatever serialised them
PUBLISHED_CONTENT = "3171fcad3c89dcaca0c57c69ace9cf4a939a6b968625ae0f1e6a943f37abf291"

CREDIT = Credit(
    license="mit",
    homepage="http://youcook2.eecs.umich.edu",
    citation=(
        "@inproceedings{ZhXuCoAAAI18,\n"
        "  author    = {Zhou, Luowei and Xu, Chenliang and Corso, Jason J.},\n"
        "  title     = {Towards Automatic Learning of Procedures From Web Instructional Videos},\n"
        "  booktitle = {AAAI Conference on Artificial Intelligence},\n"
        "  pages     = {7590--7598},\n"
        "  year      = {2018},\n"
        "}"
    ),
)


@dataclass(frozen=True)
class YouCook2(SourceRow):
    """YouCook2's captions, or anyone's in one of its formats: those are credited to nobody."""

    def read(self, paths: Sequence[Path], options: SourceOptions) -> Reading:
        """One file or several, in any of the formats of the module."""
        gather = Gather(paths, skip_bad=options.skip_bad)
        for path in paths:
            gather.file = path
            _read_into(gather, path)
        gather.file = None
        reading = gather.finish(hint="mend the file, or fetch the official one with `mycook fetch`")
        theirs = content_of(_segments(reading)) == PUBLISHED_CONTENT
        return dataclasses.replace(reading, credit=CREDIT if theirs else Credit())


@dataclass(frozen=True)
class Mini(YouCook2):
    """The bundled corpus: 300 captions of 60 made-up videos, for use without a network."""

    def bundled(self) -> tuple[Path, ...]:
        """Its one file."""
        return (mini_annotations(),)

    def read(self, paths: Sequence[Path], options: SourceOptions) -> Reading:
        """See :class:`YouCook2`; the captions are this project's."""
        found = super().read(paths, options)
        return dataclasses.replace(found, credit=self.credit)


def mini_annotations() -> Path:
    """The bundled annotation file; :func:`read_clips` reads it."""
    return Path(str(resources.files("multiyoucook2"))) / "mini" / "annotations.json"


OFFICIAL = SourceFile(
    filename="youcookii_annotations_trainval.tar.gz",
    urls=("http://youcook2.eecs.umich.edu/static/YouCookII/youcookii_annotations_trainval.tar.gz",),
)
SOURCES.add(YouCook2("youcook2", YOUCOOK2_LANGUAGES, files=(OFFICIAL,), credit=CREDIT, version=2))
SOURCES.add(Mini("mini", YOUCOOK2_LANGUAGES, credit=Credit(license="apache-2.0")))


def content_of(segments: pa.Table) -> str:
    """A name of annotations by their content: SHA-256 over ids, times, splits and captions."""
    columns = ("clip_id", "start_s", "end_s", "split", "caption")
    digest = hashlib.sha256()
    for row in zip(*(segments[name].to_pylist() for name in columns), strict=True):
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def read_clips(path: Path) -> pa.Table:
    """Clips of an annotation file (JSON or tar.gz), in the file's order, segments by their id; schema :data:`SEGMENT`.

    Raises:
        SourceError: with at most five errors, one line each with the video id, then their count.
    """
    return _segments(YouCook2("youcook2", YOUCOOK2_LANGUAGES).read([path], SourceOptions()))


def _segments(reading: Reading) -> pa.Table:
    """Clips with their one caption beside them, schema :data:`SEGMENT`."""
    columns = [*(reading.clips[name] for name in CLIP.names), reading.captions["text"], reading.captions["flags"]]
    return pa.table(columns, schema=SEGMENT)


def _read_into(gather: Gather, path: Path) -> None:
    """One file, whichever of the formats it is in."""
    if path.suffix.lower() in (".csv", ".tsv"):
        _read_segments(gather, path, read_delimited(path), "validation")
        return
    document = read_document(path)
    if isinstance(document, dict) and isinstance(document.get("database"), dict):
        _read_official(gather, document["database"])
        return
    rows = dense_rows(document)
    if rows is None:
        raise SourceError(
            f"{path} has no 'database' of videos, and is not a file of dense captions",
            hint="this is not YouCook2's official annotation file; for other captions: mycook build --captions",
        )
    split = split_of_name(path.name)
    if split is None:
        raise SourceError(f"{path} does not say its split by its name", hint="call it such as yc2_train.json")
    _read_segments(gather, path, rows, split)


def _read_official(gather: Gather, database: Mapping[str, object]) -> None:
    """The official format, and the official file of the testing videos, whose segments have no sentences."""
    uncaptioned = Counter[str]()
    for video_id, video in database.items():
        for row in clips_of(video_id, video, gather.refuse, uncaptioned):
            caption, flags = row.pop("caption"), row.pop("flags")
            where = row["clip_id"]
            if _once(gather, where, where) and gather.clip(where, **row):
                gather.caption(where, where, "en", caption, flags=flags)
    if uncaptioned:
        testing = f"{uncaptioned.total():,} segments of {len(uncaptioned):,} testing videos"
        gather.note(f"{testing} have no sentence: they are left out")


def _once(gather: Gather, where: str | int, clip_id: str) -> bool:
    """Whether a clip is new; one that is there already has its caption, even where the next says the same."""
    if clip_id in gather.numbers:
        gather.refuse(where, f"clip {shown(clip_id)} is there already")
        return False
    return True


def _columns(rows: Rows, path: Path) -> dict[str, str]:
    """Field -> column, those that name a segment among them."""
    column = choose_columns(rows.columns, {}, path)
    for name in ("video_id", *(() if "segment" in column else ("start", "end"))):
        if name not in column:
            raise SourceError(
                f"{path} has no column {name!r}; it has {', '.join(map(shown, rows.columns))}",
                hint="YouCook2's CSV has end,start,task,text,video_id; for other captions: mycook build --captions",
            )
    return column


def _read_segments(gather: Gather, path: Path, rows: Rows, split: str) -> None:
    """Dense captions, and the CSV of MIL-NCE: the n-th segment of a video has the official id n."""
    column = _columns(rows, path)
    gather.unit = rows.unit
    counts, placeholders = Counter[str](), 0
    for where, row in rows.rows:
        if not isinstance(row, dict):
            gather.refuse(where, row)
            continue
        video_id = str(row.get(column.get("video_id", ""), ""))
        video_id = video_id.removeprefix("v_") if len(video_id) == 13 else video_id
        segment = row.get(column.get("segment", "")) or [row.get(column.get(name, "")) for name in ("start", "end")]
        text = row.get(column["text"])
        if text == PLACEHOLDER:
            placeholders += 1
        elif not VIDEO_ID.fullmatch(video_id):
            gather.refuse(where, f"{shown(video_id)} is not a video id (letters, digits, - and _)")
        else:
            number = counts[video_id]
            counts[video_id] += 1  # whether it is kept or not: the next segment's id does not depend on this one's
            if not isinstance(segment, list) or len(segment) != 2 or None in segment or "" in segment:
                gather.refuse(where, f"segment is {shown(segment)}, not [start, end] in seconds")
                continue
            clip_id, url = f"{video_id}_{number}", video_url(video_id, None)[0]
            if _once(gather, where, clip_id) and gather.clip(
                where, clip_id, split, video_id=video_id, url=url, start_s=segment[0], end_s=segment[1],
                duration=row.get(column.get("duration", "")), segment_index=number,
            ):  # fmt: skip
                gather.caption(where, clip_id, "en", text)
    if placeholders:
        gather.note(f"{placeholders:,} segments have no sentence but a placeholder: they are left out")
