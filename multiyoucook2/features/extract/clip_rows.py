"""What became of each clip, a row a clip, kept beside the features: ``clips.csv`` in the store's folder."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ...files import update_file

CLIPS_FILE = "clips.csv"
# status -> what it means; "ok" and "short" have features, the others none
STATUSES = {
    "ok": "all frames of the segment",
    "short": "the video ends inside the segment: only the frames up to there",
    "ended": "the video ends before the segment",
    "missing": "there is no file of the video",
    "broken": "no part of the file can be decoded",
    "no-video": "the file has sound only",
}


@dataclass(frozen=True)
class ClipRow:
    """One clip: its status (a key of ``STATUSES``), vectors found, and what there is to say about its file."""

    clip_id: str
    video_id: str
    status: str
    vectors: int
    detail: str = ""


def write_clip_rows(folder: Path, rows: Iterable[ClipRow]) -> Path:
    """Write the rows into a store's folder; returns the file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(ClipRow)])
    writer.writerows(astuple(row) for row in rows)
    update_file(folder, CLIPS_FILE, text.getvalue().encode())
    return folder / CLIPS_FILE


def read_clip_rows(folder: Path) -> list[ClipRow]:
    """What :func:`write_clip_rows` wrote; nothing where there is no such file, or it is not of ours."""
    try:
        with (folder / CLIPS_FILE).open(encoding="utf-8", newline="") as file:
            return [
                ClipRow(row["clip_id"], row["video_id"], row["status"], int(row["vectors"]), row["detail"])
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def counts(rows: Iterable[ClipRow]) -> dict[str, int]:
    """Clips of each status that occurs, in the order of ``STATUSES``."""
    found = Counter(row.status for row in rows)
    return {status: found[status] for status in STATUSES if found[status]}
