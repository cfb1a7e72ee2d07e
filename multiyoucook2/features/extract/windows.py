"""When the frames of clips are: each clip has a grid of its own, from its start, ``fps`` frames a second.

Frame k of a clip is wanted at ``start_s + k / fps``, as long as that is before ``end_s``: every clip has one frame at
least, however short it is. A video encoder takes its frames in windows, one vector a window.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from ...corpus.clips import Clip
from ...errors import FeatureError


class Wanted(NamedTuple):
    """One frame: its time, and for which clip (a position in the clips of its video) and which place there."""

    time_s: float
    clip: int
    place: int


def check_rate(fps: float) -> None:
    """Refuse what is no number of frames a second.

    Raises:
        FeatureError: it is not above 0, or above 1,000.
    """
    if not 0 < fps <= 1000:
        raise FeatureError(f"cannot take {fps:g} frames a second", hint="such as --fps 1")


def frames_of(clip: Clip, fps: float) -> int:
    """How many frames a clip has, 1 at least."""
    return max(1, math.ceil((clip.end_s - clip.start_s) * fps - 1e-6))


def wanted_frames(clips: Sequence[Clip], fps: float) -> list[Wanted]:
    """The frames of all clips of one video, in the order of time; clips may overlap."""
    return sorted(
        Wanted(clip.start_s + place / fps, number, place)
        for number, clip in enumerate(clips)
        for place in range(frames_of(clip, fps))
    )
