"""MSR-VTT: 10,000 clips with 20 captions each, from the user's own copy of the official JSON.

::

    {"videos": [{"video_id": "video0", "url": URL, "start time": 137.7, "end time": 149.4, "split": "train",
                 "category": 9, "id": 0}],
     "sentences": [{"sen_id": 0, "video_id": "video2960", "caption": TEXT}]}

One file or several (``train_val_videodatainfo.json`` and ``test_videodatainfo.json``), and beside them, as it is
published, ``MSRVTT_JSFUSION_test.csv``, whose sentences are the queries of the 1,000 test clips of ``1k-A`` and ``7k``.
Sentences are not in the order of the videos; those of a video keep the file's order, which gives the caption index.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ..corpus.tables import QUERY_FLAG
from ..errors import SourceError
from .base import SOURCES, Credit, Reading, SourceOptions, SourceRow
from .cleaning import clean_caption, shown
from .documents import read_document
from .formats.delimited import read_delimited
from .gather import Gather, split_of
from .splits import leak_note, shipped_ids

LANGUAGES = ("en", "de", "fr", "cs", "zh", "ru", "vi", "es", "sw")  # of Multi-MSRVTT
CREDIT = Credit(
    license="unknown",  # none is stated anywhere
    homepage="https://www.microsoft.com/en-us/research/publication/msr-vtt-a-large-video-description-dataset-for-bridging-video-and-language/",
    citation=(
        "@inproceedings{xu2016msrvtt,\n"
        "  author    = {Xu, Jun and Mei, Tao and Yao, Ting and Rui, Yong},\n"
        "  title     = {{MSR-VTT}: A Large Video Description Dataset for Bridging Video and Language},\n"
        "  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},\n"
        "  year      = {2016},\n"
        "}"
    ),
)
_YOUTUBE = re.compile(r"(?:v=|youtu\.be/|/embed/)([A-Za-z0-9_-]{11})")
_QUERIES = ("video_id", "sentence")  # columns of the JSFusion list


class MsrvttOptions(SourceOptions):
    """Which of the splits in use."""

    split: Literal["full", "7k", "1k-A", "1k-B"] = Field(
        "full",
        description="full: 6,513 / 497 / 2,990; 7k: train and validation together, test as 1k-A; "
        "1k-A (JSFusion): 9,000 / 1,000; 1k-B (Miech): 6,656 / 1,000",
    )


@dataclass(frozen=True)
class Msrvtt(SourceRow):
    """See the module."""

    def read(self, paths: Sequence[Path], options: MsrvttOptions) -> Reading:
        """The clips of the chosen split, with all of their captions."""
        lists = [path for path in paths if path.suffix.lower() in (".csv", ".tsv")]
        gather = Gather(paths, skip_bad=options.skip_bad)
        queries = _read_queries(lists, gather)
        left_out = 0
        videos: dict[str, Any] = {}
        sentences: dict[str, list[tuple[str, Any]]] = {}
        for path in paths:
            if path not in lists:
                gather.file = path
                _read_official(path, gather, videos, sentences)
        gather.file = None
        chosen = _splitter(options.split)
        for video_id, video in videos.items():
            split = chosen(video_id, video)
            if split is None:
                left_out += 1
                continue
            if split == "unknown":
                gather.refuse(video_id, f"its split is {shown(video.get('split'))}, none of train, val and test")
                continue
            if _add_clip(gather, video_id, video, split):
                _add_captions(gather, video_id, sentences.get(video_id, []), queries.get(video_id))
        absent = len(queries.keys() - videos.keys())
        if absent:
            gather.note(f"{absent:,} of {len(queries):,} listed sentences are of clips that the files lack")
        if left_out:
            gather.note(f"{left_out:,} clips are not part of the split {options.split}")
        if options.split in ("7k", "1k-A") and not queries:
            gather.note(f"{options.split} asks listed sentences: add --annotations MSRVTT_JSFUSION_test.csv")
        reading = gather.finish(credit=CREDIT)
        leak = leak_note(reading.clips)
        notes = (*reading.notes, *([f"MSR-VTT {options.split}: {leak}"] if leak else []))
        return Reading(reading.clips, reading.captions, reading.credit, reading.refused, notes)


def _read_official(
    path: Path, gather: Gather, videos: dict[str, Any], sentences: dict[str, list[tuple[str, Any]]]
) -> None:
    document = read_document(path)
    for key in ("videos", "sentences"):
        if not isinstance(document, dict) or not isinstance(document.get(key), list):
            raise SourceError(
                f"{path} has no list {key!r}", hint="MSR-VTT's JSON has 'videos' and 'sentences'; see docs/datasets.md"
            )
    before, of_both = set(videos), set[str]()
    for number, video in enumerate(document["videos"]):
        name = video.get("video_id") if isinstance(video, dict) else None
        if not isinstance(name, str):
            gather.refuse(f"video {number}", f"its video_id is {shown(name)}, not a text")
        elif name in videos:
            of_both |= {name} & before
            gather.refuse(f"video {number}", f"{shown(name)} is there already")
        else:
            videos[name] = video
    known = videos.keys()
    for number, row in enumerate(document["sentences"]):
        name = row.get("video_id") if isinstance(row, dict) else None
        if isinstance(name, str) and name in of_both:  # the earlier file has them, as it has the video
            gather.refuse(f"sentence {number} ({name})", "its video is there already, of an earlier file")
        elif isinstance(name, str) and name in known:
            sentences.setdefault(name, []).append((f"sentence {number} ({name})", row.get("caption")))
        else:
            gather.refuse(f"sentence {number}", f"its video_id {shown(name)} names no video")


def _splitter(name: str) -> Callable[[str, Mapping[str, Any]], str | None]:
    """(video_id, video) -> split; ``None`` where the clip is no part of it, ``unknown`` where the file says nothing."""

    def official(video_id: str, video: Mapping[str, Any]) -> str | None:
        return split_of(video.get("split")) or "unknown"

    if name == "full":
        return official
    letter = "B" if name == "1k-B" else "A"
    test = shipped_ids(f"msrvtt-1k-{letter}-test")
    train = shipped_ids("msrvtt-1k-B-train") if name == "1k-B" else None

    def listed(video_id: str, video: Mapping[str, Any]) -> str | None:
        if video_id in test:
            return "test"
        if train is not None:
            return "train" if video_id in train else None
        if name == "1k-A":
            return "train"
        split = official(video_id, video)
        return "train" if split in ("train", "validation") else None if split == "test" else split

    return listed


def _add_clip(gather: Gather, video_id: str, video: Mapping[str, Any], split: str) -> bool:
    url = video.get("url")
    found = _YOUTUBE.search(url) if isinstance(url, str) else None
    category = video.get("category")
    return gather.clip(
        video_id,
        video_id,
        split,
        video_id=found[1] if found else "",
        url=url if isinstance(url, str) and url.isprintable() else "",
        start_s=video.get("start time", video.get("start_time")),
        end_s=video.get("end time", video.get("end_time")),
        category=str(category) if isinstance(category, int) else "",
    )


def _add_captions(gather: Gather, video_id: str, found: Sequence[tuple[str, Any]], query: str | None) -> None:
    """A clip's captions; the one that is the listed query is flagged, and added where none is."""
    wanted = _comparable(query) if query else None
    for where, text in found:
        asked = wanted is not None and isinstance(text, str) and _comparable(text) == wanted
        if gather.caption(where, video_id, "en", text, flags=(QUERY_FLAG,) if asked else ()) is not None and asked:
            wanted = None
    if wanted is not None:
        gather.caption(f"{video_id}: listed query", video_id, "en", query, flags=(QUERY_FLAG,))


def _comparable(text: str) -> str:
    return "".join(letter for letter in clean_caption(text)[0].casefold() if letter.isalnum())


def _read_queries(paths: Sequence[Path], gather: Gather) -> dict[str, str]:
    """video_id -> sentence, of a list such as MSRVTT_JSFUSION_test.csv; one query a video."""
    queries: dict[str, str] = {}
    blank = 0
    for path in paths:
        rows = read_delimited(path)
        for name in _QUERIES:
            if name not in rows.columns:
                raise SourceError(
                    f"{path} has no column {name!r}; it has {', '.join(map(shown, rows.columns))}",
                    hint="a list of queries is such as MSRVTT_JSFUSION_test.csv: key,vid_key,video_id,sentence",
                )
        gather.file, gather.unit = path, rows.unit
        for where, row in rows.rows:
            if not isinstance(row, dict):
                gather.refuse(where, row)
            elif row["video_id"] in queries:
                gather.refuse(where, f"{shown(row['video_id'])} has a query already")
            elif not clean_caption(row["sentence"])[0]:
                blank += 1
            else:
                queries[row["video_id"]] = row["sentence"]
    if blank:
        gather.note(f"{blank:,} listed sentences are empty: those clips have no listed query")
    return queries


SOURCES.add(
    Msrvtt(
        "msrvtt",
        LANGUAGES,
        credit=CREDIT,
        options=MsrvttOptions,
        version=3,
        needs="your copy of MSR-VTT, since no licence lets us fetch it: --annotations train_val_videodatainfo.json "
        "--annotations test_videodatainfo.json (or MSRVTT_data.json)",
    )
)
