"""Lists of ids that ship with the package, and what the splits of a data set share."""

from collections import defaultdict
from importlib import resources

import pyarrow as pa


def shipped_ids(name: str) -> frozenset[str]:
    """The ids of a list in ``sources/lists``, such as ``msrvtt-1k-A-test``."""
    text = (resources.files(__package__) / "lists" / f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def leak_note(clips: pa.Table, *, of: str = "test", into: str = "train") -> str | None:
    """How many clips of one split are of a video that another split has, and how many overlap in time with one there.

    Args:
        clips: schema ``corpus.tables.CLIP``; the same ``video_id`` means the same video.

    Returns:
        One line with the counts; ``None`` where nothing is shared.
    """
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    columns = [clips[name].to_pylist() for name in ("split", "video_id", "start_s", "end_s")]
    rows = list(zip(*columns, strict=True))
    for split, video, start, end in rows:
        if split == into:
            spans[video].append((start, end))
    asked = [(spans.get(video), start, end) for split, video, start, end in rows if split == of]
    shared = [(others, start, end) for others, start, end in asked if others]
    if not shared:
        return None
    overlapping = sum(
        start is not None and any(other[0] is not None and start < other[1] and other[0] < end for other in others)
        for others, start, end in shared
    )
    return (
        f"{len(shared):,} of the {len(asked):,} {of} clips are of a video that {into} clips are of, too; "
        f"{overlapping:,} overlap with one in time: scores on them flatter"
    )
