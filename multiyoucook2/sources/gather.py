"""Clips and captions, row by row, into the two tables of a reading; a row that cannot be used is refused by name.

Every source's reader goes through it, so that all of them know the same faults.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..corpus.tables import CAPTION, CLIP, HUMAN
from ..errors import SourceError, is_utf8
from .base import Credit, Reading, Refused, require_sound
from .cleaning import clean_caption, shown

MAX_ID = 200  # characters
PART = 100_000  # texts that are Python's objects at a time
_NOTHING = frozenset({"nan", "NaN", "NULL", "None", "<NA>"})  # as tables that were written by programs have it
_SPLITS = {
    "train": "train", "training": "train", "restval": "train",
    "validation": "validation", "val": "validation", "valid": "validation", "validate": "validation",
    "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


def split_of(value: object) -> str | None:
    """One of ``corpus.tables.SPLITS``, by any usual name; ``None`` for others."""
    return _SPLITS.get(value.strip().lower()) if isinstance(value, str) else None


def split_of_name(name: str) -> str | None:
    """The split that a name has as a word: ``yc2_val.json``, ``captions_train2014.json``, ``train_9k``."""
    words = "".join(letter if letter.isalpha() else " " for letter in name).split()
    found = {split for word in words if (split := split_of(word))}
    return found.pop() if len(found) == 1 else None


def seconds(value: object) -> float | None:
    """A finite number, also as a text, as CSV files have it; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


class Gather:
    """Collects what a reader finds.

    Args:
        paths: the files that are read, for messages.
        skip_bad: keep what is sound, and list what is not; otherwise one wrong row refuses all.
        origins: language -> ``human`` or ``machine``, where a file says that it is not human.
    """

    def __init__(self, paths: Sequence[Path], *, skip_bad: bool = False, origins: dict[str, str] | None = None) -> None:
        self.paths, self.skip_bad, self.origins = paths, skip_bad, origins or {}
        self.file: Path | None = None  # the one that is being read, named beside a row where there are several
        self.unit = "row"  # what a number in ``where`` counts
        self.refused: list[Refused] = []
        self.notes: list[str] = []
        self.numbers: dict[str, int] = {}  # clip_id -> its place in the table
        self._clips: list[tuple[object, ...]] = []
        self._named = bytearray()  # a clip: 0 where its id was made up here
        self._made_up: Counter[str] = Counter()  # split -> the next number for such ids, through all files
        self._langs: dict[str, int] = {}
        self._counts: list[dict[int, int]] = []  # a language: clip -> captions so far
        self._clip, self._index, self._lang = array("i"), array("i"), array("h")
        self._texts: list[str] = []  # the latest; those before stand in the parts, which take half the memory
        self._parts: list[pa.Array] = []
        self._flags: dict[int, list[str]] = {}  # caption -> flags, of the few that have some

    def refuse(self, where: str | int, reason: str) -> None:
        """Note a row that cannot be used: its number, or a name of it."""
        place = f"{self.unit} {where}" if isinstance(where, int) else where
        if self.file is not None and len(self.paths) > 1:
            place = f"{self.file.name}: {place}"
        self.refused.append(Refused(place, reason))

    def made_up_id(self, split: str) -> str:
        """An id for a clip whose file gives it none, such as ``train-0``: one that no clip before has."""
        while (made := f"{split}-{self._made_up[split]}") in self.numbers:
            self._made_up[split] += 1
        self._made_up[split] += 1
        return made

    def clip(
        self,
        where: str | int,
        clip_id: Any,
        split: str,
        *,
        made_up: bool = False,
        video_id: str = "",
        url: str = "",
        start_s: object = None,
        end_s: object = None,
        duration: object = None,
        segment_index: int = 0,
        category: str = "",
    ) -> bool:
        """A clip; whether captions can be added to it. One that is there already has to be the same.

        Times are seconds within the video; both may be ``None``. ``made_up``: the id is of :meth:`made_up_id`.
        """
        known = self.numbers.get(clip_id) if isinstance(clip_id, str) else None
        if known is None:
            wrong = _wrong_id(clip_id)
        else:
            wrong = None if self._named[known] else f"a clip without an id was called {shown(clip_id)}: name that one"
        if not wrong and not is_utf8(video_id + url + category):  # JSON can name half of a character: "\\ud800"
            wrong = "its video, url or category has half of a character"
        start = end = None
        if not wrong and not (_absent(start_s) and _absent(end_s)):
            start, end = seconds(start_s), seconds(end_s)
            wrong = _wrong_times(start, end, start_s, end_s, duration)
        if wrong:
            self.refuse(where, wrong)
            return False
        row = (clip_id, video_id or clip_id, url, segment_index, start, end, split, category)
        if known is None:
            self.numbers[clip_id] = len(self._clips)
            self._clips.append(row)
            self._named.append(not made_up)
        elif self._clips[known] != row:
            differing = [
                f"{name} {shown(new)} instead of {shown(old)}"
                for name, new, old in zip(CLIP.names, row, self._clips[known], strict=True)
                if new != old
            ]
            self.refuse(where, f"clip {shown(clip_id)} is there already with another {'; another '.join(differing)}")
            return False
        return True

    def caption(
        self,
        where: str | int,
        clip_id: str,
        lang: str,
        text: object,
        *,
        flags: Iterable[str] = (),
        index: int | None = None,
    ) -> int | None:
        """A caption of a clip that is there; its index, the next one by default; ``None`` if it was refused."""
        if not isinstance(text, str):
            missing = text is None or text != text  # NaN stands for nothing in many a table
            self.refuse(where, "the caption is missing" if missing else f"the caption is {shown(text)}, not a text")
            return None
        cleaned, changed = clean_caption(text)
        if not cleaned or cleaned in _NOTHING:
            self.refuse(
                where, f"the caption is {shown(cleaned)}, which stands for none" if cleaned else "the caption is empty"
            )
            return None
        clip, code = self.numbers[clip_id], self._langs.setdefault(lang, len(self._langs))
        if code == len(self._counts):
            self._counts.append({})
        counts = self._counts[code]
        place = counts.get(clip, 0) if index is None else index
        counts[clip] = place + 1
        if changed or flags:
            self._flags[len(self._clip)] = [*changed, *flags]
        self._clip.append(clip)
        self._index.append(place)
        self._lang.append(code)
        self._texts.append(cleaned)
        if len(self._texts) == PART:
            self._parts.append(pa.array(self._texts, pa.string()))
            self._texts = []
        return place

    def note(self, message: str) -> None:
        """Something that a user should know of this data."""
        self.notes.append(message)

    def finish(self, *, credit: Credit | None = None, hint: str = "") -> Reading:
        """The reading. Clips without any caption are left out, and counted in a note.

        Raises:
            SourceError: rows were refused and ``skip_bad`` was not asked for; or nothing is left.
        """
        import numpy as np

        if not self.skip_bad:
            way_out = f"{hint}; or " if hint else "mend the file, or "
            require_sound(self.paths, self.refused, f"{way_out}leave such rows out with --skip-bad")
        if not self._clip:
            names = ", ".join(str(path) for path in self.paths)
            refused = f": all {len(self.refused)} rows were refused, the first because " if self.refused else ""
            raise SourceError(
                f"{names} holds no captions{refused}{self.refused[0].reason if self.refused else ''}", hint=hint
            )
        captioned = np.zeros(len(self._clips), bool)
        captioned[np.frombuffer(self._clip, np.int32)] = True
        if bare := len(captioned) - int(captioned.sum()):
            self.note(f"{bare:,} clips have no caption: they are left out")
        columns = zip(*(row for row, kept in zip(self._clips, captioned, strict=True) if kept), strict=True)
        clips = pa.table(
            [pa.array(column, CLIP.field(name).type) for name, column in zip(CLIP.names, columns, strict=True)],
            schema=CLIP,
        )
        return Reading(clips, self._captions(), credit or Credit(), tuple(self.refused), tuple(self.notes))

    def _captions(self) -> pa.Table:
        """All captions by clip, in the clips' order; within a clip by language and index."""
        import numpy as np

        clip, index, lang = (np.frombuffer(self._clip, np.int32), np.frombuffer(self._index, np.int32),
                             np.frombuffer(self._lang, np.int16))  # fmt: skip
        langs = list(self._langs)
        counts = np.zeros(len(clip) + 1, np.int32)
        for row, flags in self._flags.items():
            counts[row + 1] = len(flags)
        flags = [flag for row in sorted(self._flags) for flag in self._flags[row]]
        columns = [
            pa.array([row[0] for row in self._clips], pa.string()).take(pa.array(clip)),
            pa.array(index),
            pa.array(langs, pa.string()).take(pa.array(lang)),
            pa.chunked_array([*self._parts, pa.array(self._texts, pa.string())]),
            pa.array([self.origins.get(name, HUMAN) for name in langs], pa.string()).take(pa.array(lang)),
            pa.ListArray.from_arrays(pa.array(np.cumsum(counts, dtype=np.int32)), pa.array(flags, pa.string())),
        ]
        table = pa.table(columns, schema=CAPTION)
        order = np.lexsort((index, lang, clip))
        return table if bool((order == np.arange(len(order))).all()) else table.take(pa.array(order))


def _absent(value: object) -> bool:
    return value is None or value == ""


def _wrong_id(clip_id: object) -> str | None:
    if not isinstance(clip_id, str) or not clip_id.strip():
        return f"the clip id is {shown(clip_id)}, not a text"
    if len(clip_id) > MAX_ID or not clip_id.isprintable() or clip_id != clip_id.strip():
        return f"the clip id {shown(clip_id)} is not a printable name of at most {MAX_ID} characters"
    if clip_id[0] in "/\\" or ".." in clip_id.replace("\\", "/").split("/"):
        return f"the clip id {shown(clip_id)} points outside of a folder"
    return None


def _wrong_times(
    start: float | None, end: float | None, start_s: object, end_s: object, duration: object
) -> str | None:
    if start is None or end is None:
        return f"the times are {shown(start_s)} and {shown(end_s)}, not seconds"
    if start >= end:
        return f"the clip ends at {end:g} s, not after its start at {start:g} s"
    if start < 0:
        return f"the clip starts at {start:g} s, before its video"
    if _absent(duration):
        return None
    length = seconds(duration)
    if length is None or length <= 0:
        return f"the duration is {shown(duration)}, not seconds above 0"
    if end > length:
        return f"the clip ends at {end:g} s, beyond its video of {length:g} s"
    return None
