"""VATEX: clips of ten seconds with ten English captions and ten Chinese ones, all by people.

::

    [{"videoID": "AAAAAAAAAAA_000012_000022", "enCap": [ten texts], "chCap": [ten texts]}]

Captions 0 to 4 were written independently in each language; 5 to 9 are translations: ``enCap[i]`` and ``chCap[i]``. The
independent ones are flagged so. ``videoID`` is the YouTube id, which may hold ``_``, and two times in whole seconds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ..errors import SourceError
from .base import SOURCES, Credit, Reading, SourceFile, SourceOptions, SourceRow
from .cleaning import shown
from .documents import read_document
from .gather import Gather, split_of_name
from .splits import leak_note, shipped_ids

LANGUAGES = ("en", "zh", "de", "fr", "cs", "ru", "vi", "es", "ja")
INDEPENDENT_FLAG = "independent"  # of a caption that is no translation of the other language's with its index
PARALLEL_FROM, CAPTIONS = 5, 10
_VIDEO_ID = re.compile(r"(.{11})_(\d{6})_(\d{6})")
_SITE = "https://eric-xw.github.io/vatex-website/data"
CREDIT = Credit(
    license="cc-by-4.0",
    homepage="https://eric-xw.github.io/vatex-website",
    citation=(
        "@inproceedings{wang2019vatex,\n"
        "  author    = {Wang, Xin and Wu, Jiawei and Chen, Junkun and Li, Lei and Wang, Yuan-Fang and "
        "Wang, William Yang},\n"
        "  title     = {{VATEX}: A Large-Scale, High-Quality Multilingual Dataset for Video-and-Language Research},\n"
        "  booktitle = {IEEE/CVF International Conference on Computer Vision},\n"
        "  year      = {2019},\n"
        "}"
    ),
)


class VatexOptions(SourceOptions):
    """How the validation part, the only one outside of training with Chinese, is divided."""

    split: Literal["hgr", "1k5", "official"] = Field(
        "hgr",
        description="hgr: 1,500 validation and 1,500 test clips of it (Chen et al. 2020); 1k5: another 1,500 for test, "
        "the others for validation; official: as the files are called",
    )


@dataclass(frozen=True)
class Vatex(SourceRow):
    """See the module."""

    def read(self, paths: Sequence[Path], options: VatexOptions) -> Reading:
        """One file or several: of training, validation, and of the English public test."""
        gather = Gather(paths, skip_bad=options.skip_bad)
        splitter = _Splitter(options.split)
        bare = 0
        for path in paths:
            gather.file = path
            for number, entry in enumerate(_entries(path)):
                video = entry.get("videoID") if isinstance(entry, dict) else None
                where = shown(video) if isinstance(video, str) else f"entry {number}"
                match = _VIDEO_ID.fullmatch(video) if isinstance(video, str) else None
                if match is None or not isinstance(entry, dict):
                    gather.refuse(where, f"its videoID is {shown(video)}, not such as AAAAAAAAAAA_000012_000022")
                elif "enCap" not in entry:
                    bare += 1
                else:
                    _add(gather, where, match, entry, splitter.split_of(match[0], path))
        if bare:
            gather.note(f"{bare:,} clips without captions, as in the private test part, are left out")
        reading = gather.finish(
            credit=CREDIT, hint="VATEX's training and validation files have captions" if bare else ""
        )
        leak = leak_note(reading.clips)
        notes = (*reading.notes, *([f"VATEX {options.split}: {leak}"] if leak else []))
        return Reading(reading.clips, reading.captions, reading.credit, reading.refused, notes)


class _Splitter:
    """The split of a clip: by the lists that ship, or as the file is called where that is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        validation, test = shipped_ids("vatex-hgr-validation"), shipped_ids("vatex-hgr-test")
        self.held_out = validation | test  # all of the official validation part
        self.test = {"hgr": test, "1k5": shipped_ids("vatex-1k5-test"), "official": frozenset[str]()}[name]

    def split_of(self, video: str, path: Path) -> str | None:
        """``None``: the clip has no place in this division."""
        said = split_of_name(path.name)
        if self.name == "official" and said:
            return said
        if video in self.held_out:
            return "test" if video in self.test else "validation"
        return "train" if said in ("train", None) else None


def _entries(path: Path) -> Iterable[object]:
    document = read_document(path)
    if isinstance(document, dict) and document and all(isinstance(row, dict) for row in document.values()):
        return [{"videoID": video, **row} for video, row in document.items()]  # as CLIP2Video keeps it
    if not isinstance(document, list):
        raise SourceError(f"{path} is not a list of clips", hint="VATEX's JSON is one; see docs/datasets.md")
    return document


def _add(gather: Gather, where: str, match: re.Match[str], entry: Mapping[str, Any], split: str | None) -> None:
    video, youtube, start, end = match[0], match[1], int(match[2]), int(match[3])
    if split is None:
        gather.refuse(where, "it is no part of the validation that this split divides; take the split 'official'")
        return
    if video in gather.numbers:
        gather.refuse(where, "it is there already")
        return
    url = f"https://www.youtube.com/watch?v={youtube}"
    if not gather.clip(where, video, split, video_id=youtube, url=url, start_s=start, end_s=end):
        return
    both = all(isinstance(entry.get(key), list) and len(entry[key]) == CAPTIONS for key in ("enCap", "chCap"))
    for key, lang in (("enCap", "en"), ("chCap", "zh")):
        texts = entry.get(key, [])
        if not isinstance(texts, list):
            gather.refuse(where, f"its {key} is {shown(texts)}, not a list of texts")
            continue
        for index, text in enumerate(texts):
            flags = () if both and index >= PARALLEL_FROM else (INDEPENDENT_FLAG,) if "chCap" in entry else ()
            gather.caption(f"{where}: {key}[{index}]", video, lang, text, flags=flags, index=index)


SOURCES.add(
    Vatex(
        "vatex",
        LANGUAGES,
        files=tuple(
            SourceFile(name, (f"{_SITE}/{name}",))
            for name in ("vatex_training_v1.0.json", "vatex_validation_v1.0.json")
        ),
        credit=CREDIT,
        options=VatexOptions,
        version=3,
    )
)
