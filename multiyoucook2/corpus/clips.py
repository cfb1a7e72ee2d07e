"""Read which segments of which videos a data set is about: its config ``all``, of a folder or on the Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DatasetError
from .folders import open_source
from .hub_metadata import ALL

_COLUMNS = ("clip_id", "video_id", "start_s", "end_s", "video_url", "recipe_type")  # the last two may be absent


@dataclass(frozen=True)
class Clip:
    """A segment of a video: ``start_s`` to ``end_s`` seconds from the video's start. ``recipe_type`` may be empty."""

    clip_id: str
    video_id: str
    start_s: float
    end_s: float
    split: str
    video_url: str = ""
    recipe_type: str = ""


def load_clips(dataset: str | Path) -> list[Clip]:
    """All clips of a data set in the published format, split after split, in its order.

    Args:
        dataset: a folder, or ``owner/name`` on the Hub; its config ``all`` has ``clip_id, video_id, start_s, end_s``.

    Raises:
        DatasetError: unreadable, no segments in it, or a row whose segment is none; the message names the clip.
    """
    source = open_source(dataset)
    if ALL not in source.configs:
        raise DatasetError(
            f"the data set {dataset} has no config {ALL!r}, so nothing says which segments its clips are"
        )
    found: dict[str, Clip] = {}
    for split in source.splits(ALL):
        columns = source.read(ALL, split, _COLUMNS)
        for values in zip(*columns.values(), strict=True):
            clip = _clip(dict(zip(columns, values, strict=True)), split)
            if clip.clip_id in found:
                raise DatasetError(f"the data set {dataset} names the clip {clip.clip_id!r} twice")
            found[clip.clip_id] = clip
    if not found:
        raise DatasetError(f"the data set {dataset} has no clips")
    return list(found.values())


def dataset_label(dataset: str | Path) -> str:
    """What to call a data set in notes: ``name@`` and 8 hex digits of its hash, or where it lies if it states none."""
    about = open_source(dataset).about()
    name, content_hash = about.get("name"), about.get("content_hash")
    return f"{name}@{str(content_hash)[:8]}" if name and content_hash else str(dataset)


def _clip(row: dict[str, Any], split: str) -> Clip:
    texts = {name: str(row.get(name) or "") for name in ("clip_id", "video_id", "video_url", "recipe_type")}
    start_s, end_s = row["start_s"], row["end_s"]
    if not texts["clip_id"] or not texts["video_id"]:
        raise DatasetError(f"a row of split {split!r} has no clip_id or no video_id: {row}")
    if start_s is None or end_s is None or not 0 <= start_s < end_s < float("inf"):
        raise DatasetError(f"the segment of clip {texts['clip_id']!r} is no segment: {start_s} to {end_s} s")
    return Clip(start_s=float(start_s), end_s=float(end_s), split=split, **texts)
