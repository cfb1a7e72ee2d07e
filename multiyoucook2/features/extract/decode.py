"""Frames of a video at given times, exact to the frame, by PyAV (the extra ``video``).

The rule: the frame at time t is the first one whose time stamp is t or later. Where that comes more than a second
later, the picture before it still stands at t, and is taken. The last picture stands until its own end; in a file that
is whole, as its sound shows, until the end of the file. Times are seconds as a player counts them, from the start of
the file. Nothing turns a time into a frame number: rates vary, and their averages lie.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import FeatureError, install_hint

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

Image = npt.NDArray[np.uint8]  # [height, width, RGB]
Pixels = npt.NDArray[np.float32] | npt.NDArray[np.uint8]  # an image or a window of them, as an encoder takes it
SHORT_S = 1.0  # a video whose frames end so long before its container says is cut off
STANDS_S = 1.0  # a picture that stands for longer is that of its time; the next one may belong to another scene
_EPSILON_S = 1e-6  # times come out of divisions
_MARGINS_S = (0.5, 15.0, float("inf"))  # before the time that is sought
_BLIND_SEEK_S = 15.0  # where a file has no index of key frames, a gap is worth a jump from here on


class UnreadableVideo(Exception):
    """A video gives no frames; ``reason`` is a row's status, the message what was found."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass
class Decoding:
    """What was seen while a video was decoded.

    Attributes:
        duration_s: what the container says, 0 if it says nothing. ``last_s``: time of the last frame that was decoded.
        errors: packets that could not be decoded. ``ended``: the file gave no more frames, and the last one stands
            until ``end_s``.
    """

    duration_s: float = 0.0
    last_s: float = 0.0
    end_s: float = 0.0
    errors: int = 0
    ended: bool = False

    @property
    def short(self) -> bool:
        """Whether the pictures ended well before the container's duration: most likely the file was cut off."""
        return self.ended and self.end_s + SHORT_S < self.duration_s


def require_pyav() -> ModuleType:
    """The module ``av``.

    Raises:
        FeatureError: it is not installed.
    """
    try:
        import av
    except ImportError:
        raise FeatureError("decoding videos needs PyAV", hint=install_hint("video")) from None
    return av


def frames_at(path: Path, times_s: Sequence[float], seen: Decoding) -> Iterator[tuple[int, Image]]:
    """The frame at each time, upright, as (position in ``times_s``, RGB [height, width, 3]).

    Args:
        times_s: rising. One frame may answer several times; times after the end of the last frame are left out.
        seen: filled in while the frames are read.

    Raises:
        UnreadableVideo: ``broken`` (no video that FFmpeg reads) or ``no-video`` (sound only, or a cover picture).
    """
    av = require_pyav()
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo("broken", _first_line(error)) from None
    with container:
        pictures = av.stream.Disposition.attached_pic
        streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
        if not streams:
            raise UnreadableVideo("no-video", "the file has no moving pictures")
        stream = streams[0]
        stream.thread_type = "AUTO"
        origin_s = (container.start_time or 0) / av.time_base
        seen.duration_s = (container.duration or 0) / av.time_base
        frames = _Frames(container, stream, origin_s, seen, av.FFmpegError)
        image, of = None, None
        for position, time_s in enumerate(times_s):
            frame = frames.at(time_s)
            if frame is None:
                return
            if image is None or frame is not of:
                image, of = _upright(frame), frame
            yield position, image


class _Frames:
    """Frames of one stream in the order of time, with jumps to key frames where that saves decoding."""

    def __init__(
        self,
        container: "InputContainer",
        stream: "VideoStream",
        origin_s: float,
        seen: Decoding,
        error: type[Exception],
    ) -> None:
        self._container, self._stream, self._origin_s, self._seen = container, stream, origin_s, seen
        self._error = error
        self._tick_s = stream.time_base or Fraction(1, 1_000_000)  # FFmpeg's own, where a stream has none
        self._before: VideoFrame | None = None  # the frame before the last one
        self._last: VideoFrame | None = None
        self._last_s = -1.0
        self._decoded: Iterator[tuple[VideoFrame, float]] = self._decode()

    def at(self, time_s: float) -> "VideoFrame | None":
        """The first frame at ``time_s`` or later, or the one that still stands then; ``None`` if there is neither."""
        if self._last_s + _EPSILON_S < time_s and not self._seen.ended:
            if self._jump_pays(time_s):
                self._seek(time_s)
            for frame, frame_s in self._decoded:
                self._before, self._last, self._last_s = self._last, frame, frame_s
                self._seen.last_s = max(self._seen.last_s, frame_s)
                if frame_s + _EPSILON_S >= time_s:
                    break
            else:
                self._seen.ended = True
                self._seen.end_s = self._end_s()
        if self._last_s + _EPSILON_S < time_s:
            return self._last if time_s + _EPSILON_S < self._seen.end_s else None
        stands = self._before is not None and self._last_s - time_s > STANDS_S
        return self._before if stands else self._last

    def _end_s(self) -> float:
        """Until when the last picture stands; Matroska's frames tell no length, and the codec's guess is one tick."""
        if self._last is None:
            return self._seen.last_s
        own_end_s = self._last_s + float((self._last.duration or 0) * self._tick_s)
        whole = not self._seen.errors and not self._more_is_listed() and self._sound_is_whole()
        return max(own_end_s, self._seen.duration_s) if whole else own_end_s

    def _more_is_listed(self) -> bool:
        """Whether the file's index has pictures after the last one: they are lost, whatever the sound says."""
        entries = self._stream.index_entries
        if not len(entries):
            return False
        return float(entries[len(entries) - 1].timestamp * self._tick_s) - self._origin_s > self._last_s + _EPSILON_S

    def _sound_is_whole(self) -> bool:
        """Whether the sound goes to the end that the container states: then no broken download ended the pictures."""
        container, wanted_s = self._container, self._seen.duration_s - SHORT_S
        if not container.streams.audio:
            return False
        try:
            container.seek(int(max(0.0, wanted_s + self._origin_s) * 1_000_000))
            return any(
                float((packet.pts + (packet.duration or 0)) * packet.time_base) - self._origin_s >= wanted_s
                for packet in container.demux(container.streams.audio[0])
                if packet.pts is not None and packet.time_base is not None
            )
        except self._error:
            return False

    def _jump_pays(self, time_s: float) -> bool:
        """Whether a key frame lies between here and the time, or, without an index, the gap is long."""
        entries = self._stream.index_entries
        if len(entries) < 2:
            return time_s - max(self._last_s, 0.0) > _BLIND_SEEK_S
        place = entries.search_timestamp(self._pts(time_s), backward=True)
        key_s = float(entries[place].timestamp * self._tick_s) - self._origin_s if place >= 0 else 0.0
        return key_s > max(self._last_s, 0.0) + 2 * _MARGINS_S[0]

    def _seek(self, time_s: float) -> None:
        """Go to a key frame before the time; indices may list decoding times, so what is found is looked at."""
        for margin_s in _MARGINS_S:
            try:
                self._container.seek(self._pts(max(0.0, time_s - margin_s)), stream=self._stream, backward=True)
            except self._error:
                return  # a file that cannot be searched is read through
            self._decoded, self._before, self._last = self._decode(), None, None
            first = next(self._decoded, None)
            if first is not None and first[1] <= time_s + _EPSILON_S:
                break
        if first is not None:
            self._decoded = chain([first], self._decoded)

    def _pts(self, time_s: float) -> int:
        return int((time_s + self._origin_s) / self._tick_s)

    def _decode(self) -> "Iterator[tuple[VideoFrame, float]]":
        """Each packet is guarded: a damaged one costs its own frames, no more."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except self._error:
                self._seen.errors += 1
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except self._error:
                self._seen.errors += 1
                continue
            for frame in frames:
                if frame.time is not None:
                    yield frame, float(frame.time) - self._origin_s


def _upright(frame: "VideoFrame") -> Image:
    """RGB as a player shows it: turned by what the file says (``rotation`` counts against the clock)."""
    image = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
