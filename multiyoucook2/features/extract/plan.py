"""What extraction will need: which videos, which of them are at hand or known to be gone, hours and disk."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...corpus.clips import Clip
from ...errors import DatasetError
from ...files import read_text
from .files import VIDEO_ENDINGS, files_by_stem
from .windows import check_rate, frames_of

MB_PER_MINUTE = 5.0  # of H.264 at 360 lines with sound, which encoders of 224 pixels lose nothing by


@dataclass(frozen=True)
class VideoPlan:
    """One video that is needed. ``last_s``: end of its last segment. ``state``: ``here``, ``gone`` or ``needed``."""

    video_id: str
    url: str
    split: str
    clips: int
    segments_s: float
    last_s: float
    state: str


@dataclass(frozen=True)
class Plan:
    """All videos, and sums over those that are not gone.

    ``hours``: of video up to each one's last segment, so the least; ``segment_hours``: of their segments.
    ``download_gb``: an estimate for those still needed, at ``MB_PER_MINUTE``. ``frames``: at ``fps``.
    """

    videos: tuple[VideoPlan, ...]
    fps: float
    frames: int

    def of(self, state: str) -> tuple[VideoPlan, ...]:
        """The videos of a state."""
        return tuple(video for video in self.videos if video.state == state)

    @property
    def hours(self) -> float:
        return sum(video.last_s for video in self.videos if video.state != "gone") / 3600

    @property
    def segment_hours(self) -> float:
        return sum(video.segments_s for video in self.videos if video.state != "gone") / 3600

    @property
    def download_gb(self) -> float:
        return sum(video.last_s for video in self.of("needed")) / 60 * MB_PER_MINUTE / 1000


def plan_videos(
    clips: Sequence[Clip], *, videos: Path | None = None, gone: Collection[str] = (), fps: float = 1.0
) -> Plan:
    """Count what is needed.

    Args:
        videos: a folder where some may be already.
        gone: ids that are known to be unavailable; a file that is at hand all the same counts as here.
        fps: frames a second that will be taken.

    Raises:
        FeatureError: no such rate, or no folder of videos.
    """
    check_rate(fps)
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.video_id, []).append(clip)
    here = files_by_stem(videos, groups, VIDEO_ENDINGS) if videos else {}
    rows = []
    for video_id, found in groups.items():
        rows.append(
            VideoPlan(
                video_id=video_id,
                url=found[0].video_url,
                split=found[0].split,
                clips=len(found),
                segments_s=sum(clip.end_s - clip.start_s for clip in found),
                last_s=max(clip.end_s for clip in found),
                state="here" if video_id in here else "gone" if video_id in gone else "needed",
            )
        )
    lost = {row.video_id for row in rows if row.state == "gone"}
    return Plan(tuple(rows), fps, sum(frames_of(clip, fps) for clip in clips if clip.video_id not in lost))


def read_ids(path: Path) -> frozenset[str]:
    """Video ids of a text file, one a line, e.g. those that a download tool reported as unavailable.

    Raises:
        DatasetError: unreadable.
    """
    try:
        lines = read_text(path, error=DatasetError).splitlines()
    except OSError as error:
        raise DatasetError(f"the list of ids {path} cannot be read: {error}") from None
    return frozenset(line.strip() for line in lines if line.strip())
