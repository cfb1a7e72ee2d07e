"""The official YouCook2 annotation JSON -> a table of clips, checked while it is read.

::

    {"database": {VIDEO_ID: {"duration": seconds, "subset": "training" | "validation", "recipe_type": "113",
                             "video_url": URL, "annotations": [{"id": 0, "segment": [start, end], "sentence": TEXT}]}}}

A file with one wrong entry is refused as a whole: a data set that silently lacks clips cannot be compared with another.
The bundled corpus is a file of the same format.
"""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..corpus.tables import CLIP, FLAGS
from ..errors import SourceError
from ..languages import YOUCOOK2_LANGUAGES
from ..settings import Strict
from .archive import read_annotations
from .base import SOURCES, Credit, Reading, Refused, SourceFile, SourceRow, captions_table, require_sound

SPLIT_OF_SUBSET = {"training": "train", "validation": "validation"}
UNCAPTIONED_SUBSET = "testing"  # its captions were never released; skipped
MAX_CHARACTERS = 1000  # the longest real caption has 249
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
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
    """YouCook2's annotations, or anyone's in the same format: those are credited to nobody."""

    def read(self, paths: Sequence[Path], options: Strict) -> Reading:
        """One file; see :func:`read_clips`."""
        if len(paths) != 1:
            raise SourceError(f"YouCook2's annotations are one file, not {len(paths)}", hint="give --annotations once")
        segments = read_clips(paths[0])
        captions = captions_table(segments["clip_id"], segments["caption"], segments["flags"], lang="en")
        theirs = content_of(segments) == PUBLISHED_CONTENT
        return Reading(segments.select(CLIP.names), captions, credit=CREDIT if theirs else Credit())


@dataclass(frozen=True)
class Mini(YouCook2):
    """The bundled corpus: 300 captions of 60 made-up videos, for use without a network."""

    def bundled(self) -> tuple[Path, ...]:
        """Its one file."""
        return (mini_annotations(),)

    def read(self, paths: Sequence[Path], options: Strict) -> Reading:
        """See :class:`YouCook2`; the captions are this project's."""
        found = super().read(paths, options)
        return Reading(found.clips, found.captions, credit=self.credit)


def mini_annotations() -> Path:
    """The bundled annotation file; :func:`read_clips` reads it."""
    return Path(str(resources.files("multiyoucook2"))) / "mini" / "annotations.json"


OFFICIAL = SourceFile(
    filename="youcookii_annotations_trainval.tar.gz",
    urls=("http://youcook2.eecs.umich.edu/static/YouCookII/youcookii_annotations_trainval.tar.gz",),
)
SOURCES.add(YouCook2("youcook2", YOUCOOK2_LANGUAGES, files=(OFFICIAL,), credit=CREDIT))
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
    database = _database(read_annotations(path), path)
    errors: list[str] = []
    rows: list[dict[str, Any]] = []
    for video_id, video in database.items():
        rows.extend(_clips_of(video_id, video, errors))
    if errors:
        refused = [Refused(*line.split(": ", 1)) for line in errors]
        require_sound(path, refused, "mend the file, or fetch the official one with `mycook fetch`")
    if not rows:
        raise SourceError(f"{path} holds no captions in the splits training and validation")
    return pa.Table.from_pylist(rows, schema=SEGMENT)


def clean_caption(text: str) -> tuple[str, list[str]]:
    """A caption without control characters, with single spaces, at most 1,000 characters; and what had to be changed.

    >>> clean_caption("cut\\x07 the  onion ")
    ('cut the onion', ['control_characters', 'whitespace'])
    """
    flags = []
    kept = "".join(_visible(c) for c in text)
    if kept != text:
        flags.append("control_characters")
    if " ".join(text.split()) != text:
        flags.append("whitespace")
    single = " ".join(kept.split())
    if len(single) > MAX_CHARACTERS:
        single = single[: MAX_CHARACTERS + 1].rpartition(" ")[0] or single[:MAX_CHARACTERS]
        flags.append("cut")
    return unicodedata.normalize("NFC", single), flags


def _visible(character: str) -> str:
    """The character; a space for a control, surrogate or unassigned one; nothing for a format one (soft hyphen)."""
    category = unicodedata.category(character)
    if category[0] != "C" or character.isspace():
        return character
    return "" if category == "Cf" else " "


def _database(data: bytes, path: Path) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None
    doubles: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            doubles.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return found

    try:
        parsed = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise SourceError(f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:  # nested without end; a number of thousands of digits
        raise SourceError(f"{path} is not readable JSON: {error}") from None
    if doubles:
        require_sound(path, [Refused(_shown(key), "this key is there twice") for key in doubles], "keep one of them")
    if not isinstance(parsed, dict) or not isinstance(parsed.get("database"), dict):
        raise SourceError(f"{path} has no 'database' of videos", hint="this is not YouCook2's official annotation file")
    database: dict[str, Any] = parsed["database"]
    return database


def _shown(value: Any) -> str:
    """A value of the file in an error line: escaped, and short."""
    text = ascii(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else text[:57] + "..."


def _clips_of(video_id: str, video: Any, errors: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of one video; what is wrong with it is added to ``errors``."""
    if not _VIDEO_ID.fullmatch(video_id):
        errors.append(f"{_shown(video_id)}: not a video id (letters, digits, - and _)")
        return
    if not isinstance(video, dict):
        errors.append(f"{video_id}: is {_shown(video)}, not an object")
        return
    subset, annotations = video.get("subset"), video.get("annotations")
    if subset == UNCAPTIONED_SUBSET and not annotations:
        return
    if not isinstance(subset, str) or subset not in SPLIT_OF_SUBSET:
        errors.append(f"{video_id}: unknown subset {_shown(subset)} (known: {', '.join(SPLIT_OF_SUBSET)})")
        return
    duration = _number(video.get("duration"))
    if duration is None or duration <= 0:
        errors.append(f"{video_id}: duration is {_shown(video.get('duration'))}, not seconds above 0")
        return
    recipe_type = video.get("recipe_type", "")
    if isinstance(recipe_type, bool) or not isinstance(recipe_type, str | int) or not str(recipe_type).isprintable():
        errors.append(f"{video_id}: recipe_type is {_shown(recipe_type)}, not a text or a whole number")
        return
    if not isinstance(annotations, list):
        errors.append(f"{video_id}: annotations is {_shown(annotations)}, not a list")
        return
    url, url_flags = _video_url(video_id, video.get("video_url"))
    seen: set[int] = set()
    found = []
    for position, annotation in enumerate(annotations):
        wrong = _wrong_with(annotation, duration, seen)
        if wrong:
            errors.append(f"{video_id}: segment {position}: {wrong}")
            continue
        caption, flags = clean_caption(annotation["sentence"])
        found.append(
            {
                "clip_id": f"{video_id}_{annotation['id']}",
                "video_id": video_id,
                "video_url": url,
                "segment_index": annotation["id"],
                "start_s": float(annotation["segment"][0]),
                "end_s": float(annotation["segment"][1]),
                "split": SPLIT_OF_SUBSET[subset],
                "recipe_type": str(recipe_type),
                "caption": caption,
                "flags": flags + url_flags,
            }
        )
    yield from sorted(found, key=lambda row: row["segment_index"])


def _wrong_with(annotation: Any, duration: float, seen: set[int]) -> str | None:
    """What is wrong with one segment, in words; remembers its id in ``seen``."""
    if not isinstance(annotation, dict):
        return f"is {_shown(annotation)}, not an object"
    index = annotation.get("id")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 2**31:
        return f"id is {_shown(index)}, not a whole number from 0"
    if index in seen:
        return f"id {index} is there twice"
    seen.add(index)
    segment = annotation.get("segment")
    start, end = map(_number, segment) if isinstance(segment, list) and len(segment) == 2 else (None, None)
    if start is None or end is None:
        return f"segment is {_shown(segment)}, not [start, end] in seconds"
    if start >= end:
        return f"segment [{start:g}, {end:g}] does not end after its start"
    if start < 0 or end > duration:
        return f"segment [{start:g}, {end:g}] is outside the video of {duration:g} s"
    sentence = annotation.get("sentence")
    if not isinstance(sentence, str):
        return "sentence is missing" if sentence is None else f"sentence is {_shown(sentence)}, not a text"
    if not clean_caption(sentence)[0]:
        return "sentence is blank"
    return None


def _number(value: Any) -> float | None:
    """A finite number, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _video_url(video_id: str, url: Any) -> tuple[str, list[str]]:
    """The address in the file; YouTube's for this id, flagged, where the file has none (one official row says 'cc')."""
    if isinstance(url, str) and re.fullmatch(r"https?://[!-~]{1,500}", url):
        return url, []
    return f"https://www.youtube.com/watch?v={video_id}", ["video_url_repaired"]
