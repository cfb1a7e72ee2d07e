"""The rows of a language in the order in which they are worth a reviewer's time, and the filters of the page."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import pyarrow as pa

from ...corpus.keys import rows_of
from ...corpus.tables import HUMAN, REJECT
from ..checks.coverage import uncovered_words
from .overlay import Key

_WORD = re.compile(r"(\w+)")  # the check names "stir" of "stir-fry", and "chef" of "chef's"


class Flag(NamedTuple):
    """What a check found in a row; ``badness`` orders rows."""

    check: str
    reason: str
    badness: float = 1.0
    refuses: bool = False


@dataclass(frozen=True)
class Row:
    """A caption with its translation into one language."""

    clip_id: str
    video_id: str
    caption_index: int
    lang: str
    caption: str
    text: str
    video_url: str
    start_s: float
    end_s: float
    recipe_type: str
    flags: tuple[Flag, ...] = ()
    first: str = ""  # what repair replaced by ``text``

    @cached_property
    def key(self) -> Key:
        """Which caption in which language."""
        return self.clip_id, self.caption_index, self.lang

    @cached_property
    def order(self) -> tuple[bool, float]:
        """What rows are sorted by: refused ones first, then by what was found."""
        return not any(flag.refuses for flag in self.flags), -sum(flag.badness for flag in self.flags)

    def marked(self) -> list[tuple[str, bool]]:
        """The caption in pieces, and whether the check ``coverage`` misses a counterpart of each."""
        missed = {word for flag in self.flags if flag.check == "coverage" for word in uncovered_words(flag.reason)}
        pieces = _WORD.split(self.caption)
        return [(piece, piece.casefold() in missed) for piece in pieces if piece]


@dataclass(frozen=True)
class Worklist:
    """The rows of one language, the worst first; ``steps`` lists the rows of a video in its own order."""

    lang: str
    rows: list[Row]
    steps: dict[str, list[Row]] = field(repr=False)
    source_lang: str = "en"  # of the captions

    @cached_property
    def places(self) -> dict[Key, int]:
        """Where each row stands."""
        return {row.key: place for place, row in enumerate(self.rows)}

    @cached_property
    def checks(self) -> dict[str, int]:
        """The checks that found something, with their rows, by name."""
        return dict(sorted(Counter(flag.check for row in self.rows for flag in row.flags).items()))

    @cached_property
    def signals(self) -> set[str]:
        """Those of them that refuse nothing, and so may be dismissed as a whole."""
        return {flag.check for row in self.rows for flag in row.flags if not flag.refuses}

    def without(self, dismissed: Collection[str]) -> "Worklist":
        """The list as if these checks had found nothing; what refuses a row stays."""
        if not dismissed:
            return self

        def kept(row: Row) -> Row:
            flags = tuple(flag for flag in row.flags if flag.refuses or flag.check not in dismissed)
            return row if len(flags) == len(row.flags) else replace(row, flags=flags)

        return ordered(self.lang, (kept(row) for steps in self.steps.values() for row in steps), self.source_lang)

    @cached_property
    def _sought(self) -> list[str]:
        """What a search looks into, of each row."""
        return [f"{row.caption}\n{row.text}".casefold() for row in self.rows]

    def filtered(
        self, *, check: str = "", recipe_type: str = "", text: str = "", only: Callable[[Key], bool] | None = None
    ) -> list[Row]:
        """The rows that a filter leaves, in order. ``text`` is sought in both languages; ``only`` says what to keep."""
        rows, wanted = self.rows, text.casefold().strip()
        if wanted:
            rows = [row for row, sought in zip(rows, self._sought, strict=True) if wanted in sought]
        if check:
            rows = [row for row in rows if any(flag.check == check for flag in row.flags)]
        if recipe_type:
            rows = [row for row in rows if row.recipe_type == recipe_type]
        return rows if only is None else [row for row in rows if only(row.key)]

    def among(self, rows: list[Row], key: Key) -> tuple[list[Row], int]:
        """Some rows of the list, in order, with the row of a key, and its place: where it is, or would be, there."""
        own = self.places[key]
        place = bisect_left(rows, own, key=lambda row: self.places[row.key])
        if place < len(rows) and rows[place].key == key:
            return rows, place
        return [*rows[:place], self.rows[own], *rows[place:]], place

    def neighbours(self, row: Row, count: int = 2) -> list[Row]:
        """The row's video around it: up to ``count`` steps before and after, itself among them."""
        steps = self.steps[row.video_id]
        place = steps.index(row)
        return steps[max(0, place - count) : place + count + 1]


def make_worklist(
    lang: str, source_lang: str, clips: pa.Table, captions: pa.Table, translations: pa.Table, verdicts: pa.Table
) -> Worklist:
    """The machine's rows of a language.

    Args:
        source_lang: of the captions that were translated.
        clips, captions, translations, verdicts: schemas of ``corpus.tables``; people's captions may be in any language.
    """
    about = {row["clip_id"]: row for row in clips.to_pylist()}
    captions = rows_of(captions, "lang", source_lang)
    sources = dict(zip(_keys(captions), captions["text"].to_pylist(), strict=True))
    found: dict[tuple[str, int], list[Flag]] = defaultdict(list)
    for row in verdicts.to_pylist():
        badness = 1 + min(float(row["score"] or 0), 10)
        flag = Flag(row["check"], row["reason"], badness, row["severity"] == REJECT)
        found[row["clip_id"], row["caption_index"]].append(flag)
    rows = []
    for row in translations.to_pylist():
        if row["origin"] == HUMAN:
            continue
        key = (row["clip_id"], row["caption_index"])
        clip = about[row["clip_id"]]
        rows.append(
            Row(
                clip_id=key[0], video_id=clip["video_id"], caption_index=key[1], lang=lang,
                caption=sources.get(key, ""), text=row["text"] or "",
                video_url=clip["video_url"] or "", start_s=clip["start_s"] or 0.0, end_s=clip["end_s"] or 0.0,
                recipe_type=clip["recipe_type"] or "", flags=tuple(found[key]), first=row["first"] or "",
            )
        )  # fmt: skip
    return ordered(lang, rows, source_lang)


def ordered(lang: str, rows: Iterable[Row], source_lang: str = "en") -> Worklist:
    """The list of some rows, which stand in the order of their videos."""
    steps: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        steps[row.video_id].append(row)
    rows = sorted(chain.from_iterable(steps.values()), key=lambda row: row.order)
    return Worklist(lang, rows, dict(steps), source_lang)


def _keys(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))
