"""Read which segments of which videos a data set is about: its config ``all``, of a folder or on the Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import DatasetError
from .hub_metadata import ALL
from .tables import SPLITS

_COLUMNS = ("clip_id", "video_id", "start_s", "end_s")  # without these there is nothing to cut
_OPTIONAL = ("video_url", "recipe_type")
_BATCH = 4096


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
    found: dict[str, Clip] = {}
    for split, rows in _tables(str(dataset)).items():
        absent = [name for name in _COLUMNS if name not in rows.column_names]
        if absent:
            raise DatasetError(f"config {ALL!r} of the data set {dataset} has no column {absent[0]!r}")
        columns = [name for name in (*_COLUMNS, *_OPTIONAL) if name in rows.column_names]
        for row in rows.select(columns).to_pylist():
            clip = _clip(row, split)
            if clip.clip_id in found:
                raise DatasetError(f"the data set {dataset} names the clip {clip.clip_id!r} twice")
            found[clip.clip_id] = clip
    if not found:
        raise DatasetError(f"the data set {dataset} has no clips")
    return list(found.values())


def _clip(row: dict[str, Any], split: str) -> Clip:
    texts = {name: str(row.get(name) or "") for name in ("clip_id", "video_id", *_OPTIONAL)}
    start_s, end_s = row["start_s"], row["end_s"]
    if not texts["clip_id"] or not texts["video_id"]:
        raise DatasetError(f"a row of split {split!r} has no clip_id or no video_id: {row}")
    if start_s is None or end_s is None or not 0 <= start_s < end_s < float("inf"):
        raise DatasetError(f"the segment of clip {texts['clip_id']!r} is no segment: {start_s} to {end_s} s")
    return Clip(start_s=float(start_s), end_s=float(end_s), split=split, **texts)


def _tables(dataset: str) -> dict[str, pa.Table]:
    """Split -> rows of config ``all``, for the splits that are there.

    Streamed: the library's cache goes by a folder's name, and would give the rows of another folder of that name.
    """
    import datasets

    if not Path(dataset).is_dir() and dataset.count("/") != 1:
        raise DatasetError(f"{dataset} is no folder", hint="build one: mycook build --recipe mini; or give owner/name")
    try:
        if ALL not in datasets.get_dataset_config_names(dataset):
            raise DatasetError(
                f"the data set {dataset} has no config {ALL!r}, so nothing says which segments its clips are"
            )
        streams = datasets.load_dataset(dataset, ALL, streaming=True)
        order = [*(split for split in SPLITS if split in streams), *(name for name in streams if name not in SPLITS)]
        return {split: pa.concat_tables(streams[split].with_format("arrow").iter(_BATCH)) for split in order}
    except (OSError, ValueError, RuntimeError) as error:  # datasets' own errors derive from these
        line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DatasetError(f"cannot read the data set {dataset}: {line}") from None
