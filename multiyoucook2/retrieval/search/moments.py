"""When in a video: a text's score over the video's time, for its clips or for windows over the frames of its clips."""

from dataclasses import dataclass

import numpy as np
import torch

from ...errors import DatasetError, FeatureError, shown
from ...features.extract.cut import GRID, first_row
from ...features.store import FeatureStore
from .exact import Vectors
from .index import Hit, SearchIndex, checked_query
from .query_model import unit_float16

BATCH = 256  # windows through the model at once


@dataclass(frozen=True)
class Moment:
    """A stretch of a video, and the cosine of the text with it."""

    start_s: float
    end_s: float
    score: float
    clip_id: str


def find_moments(
    index: SearchIndex, video_id: str, query: str, *, window_s: float | None = None, stride_s: float | None = None
) -> list[Moment]:
    """The curve of a text over a video, in the order of time.

    Args:
        window_s: without it, a point a clip; with it, a point a window of so many seconds over the frames of each
            clip. stride_s: seconds from window to window, half a window if not given.

    Raises:
        DatasetError: an empty query, a stride without windows, or a video that is not in the index.
        FeatureError: the features are gone, or are not those of the index.
    """
    text = checked_query(query)
    if stride_s is not None and window_s is None:
        raise DatasetError("a stride is between windows, and there are none", hint="such as --window 4 --stride 2")
    rows = index.rows_of(video_id=video_id)
    query_E = index.model.embed([text])[0].astype(np.float32)
    clips = index.hits(rows if rows is not None else [], index.vectors[rows].astype(np.float32) @ query_E)
    if window_s is None:
        found = [Moment(clip.start_s, clip.end_s, clip.score, clip.clip_id) for clip in clips]
    else:
        step_s = window_s / 2 if stride_s is None else stride_s
        if not 0 < window_s < 1e6 or not 0 < step_s < 1e6:
            raise DatasetError(f"cannot take windows of {window_s:g} s every {step_s:g} s", hint="such as --window 4")
        store = _store_of(index)
        spans = [span for clip in clips for span in _spans(clip, store, window_s, step_s)]
        scores = _scores(index, store, spans, query_E)
        found = [Moment(span.start_s, span.end_s, score, span.clip_id)
                 for span, score in zip(spans, scores, strict=True)]  # fmt: skip
    return sorted(found, key=lambda moment: (moment.start_s, moment.end_s))


@dataclass(frozen=True)
class _Span:
    """Frames ``first`` to ``last`` (not included) of a clip, and their time."""

    clip_id: str
    first: int
    last: int
    start_s: float
    end_s: float


def _store_of(index: SearchIndex) -> FeatureStore:
    wanted = index.about.features
    store = FeatureStore.open(index.place(wanted))
    if store.content_hash != wanted.hash:
        raise FeatureError(
            f"the features of the index are {wanted.name}@{wanted.hash}; {shown(store.folder)} is now "
            f"{store.name}@{store.content_hash}",
            hint="make the index again with `mycook index`",
        )
    return store


def _spans(clip: Hit, store: FeatureStore, window_s: float, step_s: float) -> list[_Span]:
    """Windows over a clip's frames; the last one ends with the clip, and a short clip is one window.

    Rows that were cut out of a video's array begin where the video's rows do, before the clip: the clip's part counts.
    """
    frames = len(store[clip.clip_id])
    if not frames:
        return []
    rate = _rate(store) or frames / (clip.end_s - clip.start_s)
    size, step = max(1, round(window_s * rate)), max(1, round(step_s * rate))
    start_s = first_row(clip.start_s, rate) / rate if store.meta.get("grid") == GRID else clip.start_s
    last_first = max(0, frames - size)
    firsts = sorted({*range(0, last_first, step), last_first})
    return [
        _Span(
            clip.clip_id,
            first,
            min(first + size, frames),
            max(clip.start_s, start_s + first / rate),
            min(clip.end_s, start_s + min(first + size, frames) / rate),
        )
        for first in firsts
    ]


def _rate(store: FeatureStore) -> float:
    """Vectors a second: frames a second over the frames behind one vector; 0 where the store does not know."""
    fps, behind = store.meta.get("fps"), store.meta.get("window", 1)
    if not isinstance(fps, int | float) or not isinstance(behind, int):
        return 0.0
    return fps / behind if fps > 0 and behind > 0 else 0.0


def _scores(index: SearchIndex, store: FeatureStore, spans: list[_Span], query_E: Vectors) -> list[float]:
    model = index.model
    scores: list[float] = []
    for first in range(0, len(spans), BATCH):
        part = spans[first : first + BATCH]
        longest = max(span.last - span.first for span in part)
        if longest > model.model.config.max_frames:
            raise FeatureError(
                f"a window has {longest} frames, the model takes {model.model.config.max_frames}",
                hint="choose a shorter --window",
            )
        video_BTD = np.zeros((len(part), longest, store.dim), np.float32)
        mask_BT = np.zeros((len(part), longest), bool)
        for number, span in enumerate(part):
            video_BTD[number, : span.last - span.first] = store[span.clip_id][span.first : span.last]
            mask_BT[number, : span.last - span.first] = True
        with model.lock, torch.no_grad():
            embedded = model.model.encode_video(
                torch.from_numpy(video_BTD).to(model.device), torch.from_numpy(mask_BT).to(model.device)
            )
        scores += (unit_float16(embedded.float().cpu()).astype(np.float32) @ query_E).tolist()
    return scores
