"""One array a video -> features a clip: rows cut out by the data set's segments.

Row r of a video's array stands for the time from ``r / fps`` to ``(r + 1) / fps``. A clip gets the rows that overlap
its segment, one at least.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...corpus.clips import Clip
from ...errors import FeatureError
from ...progress import Listener, Silent
from ..store import Array, write_store
from .clip_rows import ClipRow, write_clip_rows
from .extract import Extraction
from .files import files_by_stem
from .video_arrays import ENDINGS, VideoArrays
from .windows import check_rate

GRID = "video"  # noted in the store: rows begin where the video's rows do, not where the clip does


def first_row(start_s: float, fps: float) -> int:
    """The row of a video's array that a clip's start lies in."""
    return math.floor(start_s * fps + 1e-6)


def rows_of(clip: Clip, fps: float) -> slice:
    """The rows of a video's array that overlap the clip's segment."""
    first = first_row(clip.start_s, fps)
    return slice(first, max(first + 1, math.ceil(clip.end_s * fps - 1e-6)))


def cut_features(
    source: Path,
    clips: Sequence[Clip],
    out: Path,
    *,
    fps: float,
    name: str,
    key: str | None = None,
    dataset: str = "",
    listener: Listener | None = None,
) -> Extraction:
    """Write a store of clips from arrays of whole videos, and ``clips.csv`` beside it.

    Args:
        source: a folder with ``VIDEO_ID.npy``, ``.npz``, ``.h5`` or ``.pth`` in it, at any depth; or one ``.npz``,
            ``.h5`` or ``.pth`` file whose keys are video ids. Each array is [T, D].
        fps: rows a second; key: which array of a file that has several for its one video.
        name: what the features are, for signatures. dataset: its label, for the store's notes.

    Raises:
        FeatureError: no array of any of the videos, an array of another shape, a file that cannot be read safely, or a
            key where no file has several arrays for its video.
    """
    check_rate(fps)
    if not source.exists():
        raise FeatureError(f"there is no {source}")
    heard = listener or Silent()
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.video_id, []).append(clip)
    files = files_by_stem(source, groups, ENDINGS) if source.is_dir() else {}
    if key is not None and (source.is_file() or {path.suffix for path in files.values()} == {".npy"}):
        raise FeatureError(f"{source} has no file of several arrays to choose from", hint="leave --key out")
    arrays = VideoArrays(files, source if source.is_file() else None, key)
    rows: dict[str, ClipRow] = {}

    def vectors() -> Iterator[tuple[str, Array]]:
        heard.started("cut", 0, len(groups))
        for done, (video_id, found) in enumerate(groups.items(), 1):
            array = arrays.find(video_id)
            for clip in found:
                row, part = _cut(clip, array, fps)
                rows[clip.clip_id] = row
                if part is not None:
                    yield clip.clip_id, part
            heard.progress(done, len(groups))

    with arrays:
        if not any(arrays.has(video_id) for video_id in groups):
            raise FeatureError(
                f"{source} has no array of any of the {len(groups):,} videos",
                hint=f"arrays must be named like the video {clips[0].video_id!r}",
            )
        notes = {"fps": fps, "grid": GRID, "source": source.name, "dataset": dataset}
        store = write_store(out, vectors(), name=name, meta=notes)
    ordered = tuple(rows[clip.clip_id] for clip in clips)
    write_clip_rows(out, ordered)
    return Extraction(store, ordered)


def _cut(clip: Clip, array: Array | None, fps: float) -> tuple[ClipRow, Array | None]:
    if array is None:
        return ClipRow(clip.clip_id, clip.video_id, "missing", 0), None
    if array.ndim != 2 or array.dtype.kind not in "fiu" or not array.shape[1]:
        raise FeatureError(
            f"the array of video {clip.video_id!r} is {array.dtype} {list(array.shape)}, not numbers [rows, dimensions]"
        )
    wanted = rows_of(clip, fps)
    part = np.asarray(array[wanted])
    missing = wanted.stop - wanted.start - len(part)
    if not len(part):
        return ClipRow(clip.clip_id, clip.video_id, "ended", 0, f"the array ends at {len(array) / fps:g} s"), None
    status, detail = ("short", f"the array ends at {len(array) / fps:g} s") if missing else ("ok", "")
    return ClipRow(clip.clip_id, clip.video_id, status, len(part), detail), part
