"""JSON documents in the shapes that the field's data sets have, each turned into plain rows."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ..cleaning import shown
from ..documents import read_document
from .base import LOOKED_AT, Row, Rows

SUFFIXES = (".json", ".gz")
PLACEHOLDER = "None"  # what dense files of unreleased captions hold


def read_json_shape(path: Path) -> Rows:
    """A list of objects; COCO; Karpathy's splits of COCO and Flickr30k; dense captions; HowTo100M's.

    Raises:
        SourceError: another shape; the message says which data set's it is where that is known.
    """
    document = read_document(path)
    for shape in SHAPES:
        rows = shape(document)
        if rows is not None:
            return rows
    known = next((hint for keys, hint in _OTHERS.items() if isinstance(document, dict) and keys in document), "")
    raise SourceError(
        f"{path} is in none of the known JSON shapes",
        hint=known or "a list of objects, COCO, Karpathy's or dense captions; docs/datasets.md shows each",
    )


def _records(document: Any) -> Rows | None:
    """``[{"video_id": ..., "caption": ...}, ...]``."""
    if not isinstance(document, list) or not document:
        return None
    names = list(dict.fromkeys(name for row in document[:LOOKED_AT] if isinstance(row, dict) for name in row))
    if "enCap" in names:
        raise SourceError("this is VATEX's JSON", hint="build it with --recipe multi-vatex --annotations FILE")
    rows = ((f"entry {number}", row if isinstance(row, dict) else f"it is {shown(row)}, not an object")
            for number, row in enumerate(document))  # fmt: skip
    return Rows(names, rows)


def _coco(document: Any) -> Rows | None:
    """``{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id", "caption"}]}``."""
    if not _has_lists(document, "images", "annotations"):
        return None
    images = [row for row in document["images"] if isinstance(row, dict) and isinstance(row.get("id"), int | str)]
    names = {row["id"]: row.get("file_name") for row in images}

    def rows() -> Iterator[Row]:
        for number, row in enumerate(document["annotations"]):
            where = f"annotation {number}"
            image = row.get("image_id") if isinstance(row, dict) else None
            if not isinstance(image, int | str) or image not in names:
                yield where, f"its image_id is {shown(image)}, which names no image"
            else:
                yield where, {"clip_id": str(names[image] or image), "text": row.get("caption")}

    return Rows(("clip_id", "text"), rows())


def _karpathy(document: Any) -> Rows | None:
    """``{"images": [{"filename", "split", "sentences": [{"raw"}]}]}``."""
    if not _has_lists(document, "images") or "annotations" in document:
        return None

    def rows() -> Iterator[Row]:
        for number, image in enumerate(document["images"]):
            where = f"image {number}"
            sentences = image.get("sentences") if isinstance(image, dict) else None
            if not isinstance(sentences, list) or not all(isinstance(row, dict) for row in sentences):
                yield where, "it has no list of sentences"
                continue
            for row in sentences:
                yield where, {"clip_id": image.get("filename"), "split": image.get("split"), "text": row.get("raw")}

    return Rows(("clip_id", "split", "text"), rows())


def dense_rows(document: Any) -> Rows | None:
    """``{VIDEO: {"duration", "timestamps": [[start, end]], "sentences": [...]}}``."""
    return _by_video(document, "sentences", lambda video: video.get("timestamps"))


def _howto(document: Any) -> Rows | None:
    """``{VIDEO: {"start": [...], "end": [...], "text": [...]}}``."""

    def times(video: Mapping[str, Any]) -> Any:
        starts, ends = video.get("start"), video.get("end")
        both = isinstance(starts, list) and isinstance(ends, list) and len(starts) == len(ends)
        return [list(pair) for pair in zip(starts, ends, strict=True)] if both else None  # type: ignore[arg-type]

    return _by_video(document, "text", times)


def _by_video(document: Any, texts: str, times: Callable[[Mapping[str, Any]], Any]) -> Rows | None:
    if not isinstance(document, dict) or not document:
        return None
    first = next(iter(document.values()))
    if not isinstance(first, dict) or texts not in first:
        return None

    def rows() -> Iterator[Row]:
        for name, video in document.items():
            sentences = video.get(texts) if isinstance(video, dict) else None
            segments = times(video) if isinstance(video, dict) else None
            if not isinstance(sentences, list) or not isinstance(segments, list) or len(sentences) != len(segments):
                yield shown(name), f"its {texts} and times are not lists of one length"
                continue
            for number, (segment, text) in enumerate(zip(segments, sentences, strict=True)):
                yield (
                    f"{name}: segment {number}",
                    {"video_id": name, "segment": segment, "duration": video.get("duration"), "text": text},
                )

    return Rows(("video_id", "segment", "duration", "text"), rows())


def _has_lists(document: Any, *keys: str) -> bool:
    return isinstance(document, dict) and all(isinstance(document.get(key), list) for key in keys)


SHAPES: tuple[Callable[[Any], Rows | None], ...] = (_records, _coco, _karpathy, dense_rows, _howto)
_OTHERS = {
    "database": "YouCook2's format: build it with --recipe multi-youcook2 --annotations FILE",
    "videos": "MSR-VTT's format: build it with --recipe multi-msrvtt --annotations FILE",
}
