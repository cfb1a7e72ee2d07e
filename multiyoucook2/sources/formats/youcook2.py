"""YouCook2's official annotations, a video at a time.

::

    {"database": {VIDEO_ID: {"duration": seconds, "subset": "training" | "validation" | "testing", "recipe_type": "113",
                             "video_url": URL, "annotations": [{"id": 0, "segment": [start, end], "sentence": TEXT}]}}}

The sentences of the testing videos were never released: their segments have none.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from ..cleaning import clean_caption, shown

SPLIT_OF_SUBSET = {"training": "train", "validation": "validation", "testing": "test"}
UNCAPTIONED_SUBSET = "testing"
VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Refuse = Callable[[str, str], None]  # (where, reason)


def clips_of(video_id: str, video: object, refuse: Refuse, uncaptioned: Counter[str]) -> Iterator[dict[str, Any]]:
    """The clips of one video with their caption, by the segments' ids; what is wrong with them is refused.

    Segments of testing videos without a sentence are counted in ``uncaptioned`` instead.
    """
    if not VIDEO_ID.fullmatch(video_id):
        refuse(shown(video_id), "not a video id (letters, digits, - and _)")
        return
    if not isinstance(video, dict):
        refuse(video_id, f"is {shown(video)}, not an object")
        return
    subset, annotations = video.get("subset"), video.get("annotations")
    if subset == UNCAPTIONED_SUBSET and not annotations:
        return
    if not isinstance(subset, str) or subset not in SPLIT_OF_SUBSET:
        refuse(video_id, f"unknown subset {shown(subset)} (known: {', '.join(SPLIT_OF_SUBSET)})")
        return
    duration = _number(video.get("duration"))
    if duration is None or duration <= 0:
        refuse(video_id, f"duration is {shown(video.get('duration'))}, not seconds above 0")
        return
    recipe_type = video.get("recipe_type", "")
    if isinstance(recipe_type, bool) or not isinstance(recipe_type, str | int) or not str(recipe_type).isprintable():
        refuse(video_id, f"recipe_type is {shown(recipe_type)}, not a text or a whole number")
        return
    if not isinstance(annotations, list):
        refuse(video_id, f"annotations is {shown(annotations)}, not a list")
        return
    url, url_flags = video_url(video_id, video.get("video_url"))
    seen: set[int] = set()
    found = []
    for position, annotation in enumerate(annotations):
        if subset == UNCAPTIONED_SUBSET and isinstance(annotation, dict) and not annotation.get("sentence"):
            uncaptioned[video_id] += 1
            continue
        wrong = _wrong_with(annotation, duration, seen)
        if wrong:
            refuse(f"{video_id}: segment {position}", wrong)
            continue
        caption, flags = clean_caption(annotation["sentence"])
        found.append(
            {
                "clip_id": f"{video_id}_{annotation['id']}",
                "video_id": video_id,
                "url": url,
                "segment_index": annotation["id"],
                "start_s": float(annotation["segment"][0]),
                "end_s": float(annotation["segment"][1]),
                "split": SPLIT_OF_SUBSET[subset],
                "category": str(recipe_type),
                "caption": caption,
                "flags": [*flags, *url_flags],
            }
        )
    yield from sorted(found, key=lambda row: row["segment_index"])


def _wrong_with(annotation: object, duration: float, seen: set[int]) -> str | None:
    """What is wrong with one segment, in words; remembers its id in ``seen``."""
    if not isinstance(annotation, dict):
        return f"is {shown(annotation)}, not an object"
    index = annotation.get("id")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 2**31:
        return f"id is {shown(index)}, not a whole number from 0"
    if index in seen:
        return f"id {index} is there twice"
    seen.add(index)
    segment = annotation.get("segment")
    start, end = map(_number, segment) if isinstance(segment, list) and len(segment) == 2 else (None, None)
    if start is None or end is None:
        return f"segment is {shown(segment)}, not [start, end] in seconds"
    if start >= end:
        return f"segment [{start:g}, {end:g}] does not end after its start"
    if start < 0 or end > duration:
        return f"segment [{start:g}, {end:g}] is outside the video of {duration:g} s"
    sentence = annotation.get("sentence")
    if not isinstance(sentence, str):
        return "sentence is missing" if sentence is None else f"sentence is {shown(sentence)}, not a text"
    if not clean_caption(sentence)[0]:
        return "sentence is blank"
    return None


def _number(value: object) -> float | None:
    """A finite number, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def video_url(video_id: str, url: object) -> tuple[str, list[str]]:
    """The address in the file; YouTube's for this id, flagged, where the file has none (one official row says 'cc')."""
    if isinstance(url, str) and re.fullmatch(r"https?://[!-~]{1,500}", url):
        return url, []
    return f"https://www.youtube.com/watch?v={video_id}", ["video_url_repaired"]
