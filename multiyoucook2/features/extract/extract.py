"""Videos -> a feature store: decode only the segments, encode batches across clips, keep what is done a video."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ...corpus.clips import Clip
from ...errors import FeatureError
from ...files import json_bytes
from ...progress import Listener, Silent
from ..store import FeatureStore, require_store_place, write_store
from .clip_rows import ClipRow, write_clip_rows
from .decode import SHORT_S, Decoding, Image, Pixels, UnreadableVideo, frames_at, require_pyav
from .files import VIDEO_ENDINGS, files_by_stem
from .parts import Parts, Vectors, take_over
from .windows import Wanted, check_rate, frames_of, wanted_frames
from .workers import Workers

BATCH = 32  # frames through the encoder at once
_BATCHES_AHEAD = 4  # prepared windows that may wait, in batches


class Encoder(Protocol):
    """What extraction needs of an encoder; :class:`.encoders.VisionEncoder` is one."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def window(self) -> int: ...

    def prepare(self, images: Sequence[Image]) -> Pixels: ...

    def encode(self, pixels: Sequence[Pixels]) -> Vectors: ...


@dataclass(frozen=True)
class Video:
    """One video: its file, ``None`` if there is none, and its clips."""

    video_id: str
    path: Path | None
    clips: tuple[Clip, ...]


@dataclass(frozen=True)
class _Window:
    """Pixels of one window, prepared, and where its vector goes."""

    video_id: str
    clip: int
    place: int
    pixels: Pixels = field(repr=False)


@dataclass(frozen=True)
class _End:
    """A video gave all that it has."""

    video: Video
    seen: Decoding
    unreadable: UnreadableVideo | None
    frames: tuple[int, ...]  # that each clip got


@dataclass(frozen=True)
class Extraction:
    """The store, and a row a clip."""

    store: FeatureStore
    rows: tuple[ClipRow, ...]


def group_by_video(clips: Sequence[Clip], videos: Path) -> list[Video]:
    """The videos of the clips, with their files where the folder has them, in the clips' order."""
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.video_id, []).append(clip)
    paths = files_by_stem(videos, groups, VIDEO_ENDINGS)
    return [Video(video_id, paths.get(video_id), tuple(found)) for video_id, found in groups.items()]


def extract_features(
    clips: Sequence[Clip],
    videos: Path,
    out: Path,
    *,
    encoder: Encoder,
    fps: float = 1.0,
    batch: int = BATCH,
    threads: int = 2,
    dataset: str = "",
    listener: Listener | None = None,
) -> Extraction:
    """Write a store with one vector a frame (or a window of frames) of each clip, and ``clips.csv`` beside it.

    Videos that are missing, broken or too short do not stop the work: their clips' rows say so. What is finished is
    kept in ``OUT.parts`` a video, and a run with the same settings goes on from there. Over a finished store it does
    the videos that did not give all their frames, where there is a file of them.

    Args:
        videos: a folder with ``VIDEO_ID.mp4`` or the like in it, at any depth.
        fps: frames a second, from each clip's start.
        batch: frames through the encoder at once, one window at least; threads: videos decoded at once.
        dataset: its label, for the store's notes.

    Raises:
        FeatureError: no PyAV, no folder of videos, two files of one video, parts of a run with other settings, or no
            clip that has a frame. WorkspaceError: ``out`` holds something else than a store of ours.
    """
    require_pyav()
    check_rate(fps)
    require_store_place(out)
    heard = listener or Silent()
    groups = group_by_video(clips, videos)
    settings = {
        "encoder": encoder.name, "revision": encoder.revision, "precision": encoder.precision, "fps": fps,
        "window": encoder.window, "clips": _segments_hash(clips),
    }  # fmt: skip
    parts = Parts(out, settings)
    take_over(parts, out, _notes(settings))
    _refresh(parts, groups)
    waiting = [video for video in groups if not parts.has(video.video_id)]
    heard.started("extract", len(groups) - len(waiting), len(groups))
    done = len(groups) - len(waiting)
    for video_id, rows, vectors in _encoded(waiting, encoder, fps, max(1, batch // encoder.window), threads):
        parts.write(video_id, rows, vectors)
        done += 1
        heard.progress(done, len(groups))
    return _store(parts, groups, clips, out, encoder, {**_notes(settings), "dataset": dataset})


def _segments_hash(clips: Sequence[Clip]) -> str:
    """16 hex digits that name the segments."""
    text = json_bytes([[clip.clip_id, clip.video_id, clip.start_s, clip.end_s] for clip in clips])
    return hashlib.sha256(text).hexdigest()[:16]


def _refresh(parts: Parts, videos: Sequence[Video]) -> None:
    """A video that did not give all its frames is done anew: its file may have come since, or another one."""
    for video in videos:
        if video.path is not None and parts.has(video.video_id):
            rows, _ = parts.read(video.video_id)
            if any(row.status != "ok" for row in rows):
                parts.forget(video.video_id)


def _notes(settings: dict[str, object]) -> dict[str, object]:
    return {**settings, "decoder": f"PyAV {require_pyav().__version__}"}


def _store(
    parts: Parts, videos: Sequence[Video], clips: Sequence[Clip], out: Path, encoder: Encoder, notes: dict[str, object]
) -> Extraction:
    found: dict[str, ClipRow] = {}
    for video in videos:
        found |= {row.clip_id: row for row in parts.read(video.video_id)[0]}
    rows = tuple(found[clip.clip_id] for clip in clips)
    if not any(row.vectors for row in rows):
        first = rows[0]
        raise FeatureError(
            f"none of the {len(rows):,} clips has a frame; {first.clip_id!r} is {first.status} {first.detail}".rstrip(),
            hint="files must be named VIDEO_ID.mp4 or the like; `mycook videos plan` lists the ids",
        )

    def vectors() -> Iterator[tuple[str, Vectors]]:
        for video in videos:
            yield from parts.read(video.video_id)[1].items()

    store = write_store(out, vectors(), name=feature_name(encoder.name), meta=notes)
    write_clip_rows(out, rows)
    parts.remove()
    return Extraction(store, rows)


def feature_name(encoder: str) -> str:
    """What signatures call the features of an encoder: the last part of its id, such as ``clip-vit-base-patch32``."""
    return re.sub(r"[^\w.-]+", "-", Path(encoder).name, flags=re.ASCII).strip("-") or "features"


def _encoded(
    videos: Sequence[Video], encoder: Encoder, fps: float, batch: int, threads: int
) -> Iterator[tuple[str, list[ClipRow], dict[str, Vectors]]]:
    """Each video as soon as all its windows are encoded, ``batch`` of them at once."""
    gathered: dict[str, dict[tuple[int, int], Vectors]] = {video.video_id: {} for video in videos}
    ended: list[_End] = []
    waiting: list[_Window] = []

    def work(video: Video) -> Iterator[_Window | _End]:
        return _windows(video, fps, encoder.window, encoder.prepare)

    def flush() -> Iterator[tuple[str, list[ClipRow], dict[str, Vectors]]]:
        if waiting:
            for window, vector in zip(waiting, encoder.encode([item.pixels for item in waiting]), strict=True):
                gathered[window.video_id][window.clip, window.place] = vector
            waiting.clear()
        for end in ended:
            yield end.video.video_id, *_finish(end, gathered.pop(end.video.video_id), fps)
        ended.clear()

    with Workers(videos, work, threads=threads, ahead=batch * _BATCHES_AHEAD) as items:
        for item in items:
            if isinstance(item, _End):
                ended.append(item)
            else:
                waiting.append(item)
            if len(waiting) == batch or len(ended) > batch:
                yield from flush()
        yield from flush()


def _windows(
    video: Video, fps: float, window: int, prepare: Callable[[Sequence[Image]], Pixels]
) -> Iterator[_Window | _End]:
    """Decode one video; a window is sent off when its last frame is there."""
    wanted = wanted_frames(video.clips, fps)
    sizes = [frames_of(clip, fps) for clip in video.clips]
    found = [0] * len(sizes)
    open_windows: dict[int, list[Image]] = {}
    seen, unreadable = Decoding(), None
    try:
        for position, image in _frames(video, wanted, seen):
            clip = wanted[position].clip
            images = open_windows.setdefault(clip, [])
            images.append(image)
            found[clip] += 1
            if len(images) == window or found[clip] == sizes[clip]:
                yield _Window(video.video_id, clip, (found[clip] - 1) // window, prepare(open_windows.pop(clip)))
    except UnreadableVideo as error:
        unreadable = error
    for clip, images in open_windows.items():  # the video ended inside a window
        yield _Window(video.video_id, clip, (found[clip] - 1) // window, prepare(images))
    yield _End(video, seen, unreadable, tuple(found))


def _frames(video: Video, wanted: Sequence[Wanted], seen: Decoding) -> Iterator[tuple[int, Image]]:
    if video.path is None:
        raise UnreadableVideo("missing", "")
    return frames_at(video.path, [frame.time_s for frame in wanted], seen)


def _finish(end: _End, vectors: dict[tuple[int, int], Vectors], fps: float) -> tuple[list[ClipRow], dict[str, Vectors]]:
    """Rows and arrays [T, D] of a video's clips."""
    arrays: dict[str, Vectors] = {}
    rows = []
    for number, clip in enumerate(end.video.clips):
        places = sorted(place for of, place in vectors if of == number)
        if places:
            arrays[clip.clip_id] = np.stack([vectors[number, place] for place in places])
        rows.append(ClipRow(clip.clip_id, clip.video_id, _status(end, number, fps), len(places), _detail(end)))
    return rows, arrays


def _status(end: _End, number: int, fps: float) -> str:
    if end.unreadable:
        return end.unreadable.reason
    if end.frames[number] == frames_of(end.video.clips[number], fps):
        return "ok"
    if end.frames[number]:
        return "short"
    return "broken" if not any(end.frames) and end.seen.errors else "ended"


def _detail(end: _End) -> str:
    if end.unreadable:
        return str(end.unreadable)
    said = []
    if end.seen.errors:
        said.append(f"{end.seen.errors} damaged packets")
    if end.seen.short:
        said.append(f"cut off: frames end at {end.seen.end_s:.1f} of {end.seen.duration_s:.1f} s")
    elif end.seen.end_s - end.seen.last_s > SHORT_S:
        said.append(f"the last picture stands from {end.seen.last_s:.1f} to {end.seen.end_s:.1f} s")
    return "; ".join(said)
