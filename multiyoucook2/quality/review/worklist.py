"""The rows of a language in the order in which they are worth a reviewer's time, and the filters of the page."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from ...corpus.tables import HUMAN, REJECT
from ..checks.coverage import uncovered_words
from .overlay import Key

_WORD = re.compile(r"(\w+(?:[-'’]\w+)*)")


@dataclass(frozen=True)
class Row:
    """A caption with its translation into one language.

    ``checks`` are (name, reason) of what was found, ``refused`` whether one of them rejects. ``badness`` orders rows.
    """

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
    checks: tuple[tuple[str, str], ...] = ()
    refused: bool = False
    badness: float = 0.0
    first: str = ""  # what repair replaced by ``text``

    @cached_property
    def key(self) -> Key:
        """Which caption in which language."""
        return self.clip_id, self.caption_index, self.lang

    def marked(self) -> list[tuple[str, bool]]:
        """The caption in pieces, and whether the check ``coverage`` misses a counterpart of each."""
        missed = {word for name, reason in self.checks if name == "coverage" for word in uncovered_words(reason)}
        pieces = _WORD.split(self.caption)
        return [(piece, piece.casefold() in missed) for piece in pieces if piece]


@dataclass(frozen=True)
class Worklist:
    """The rows of one language, the worst first; ``steps`` lists the rows of a video in its own order."""

    lang: str
    rows: list[Row]
    steps: dict[str, list[Row]] = field(repr=False)

    @cached_property
    def checks(self) -> list[str]:
        """The checks that found something."""
        return sorted({name for row in self.rows for name, _ in row.checks})

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
            rows = [row for row in rows if any(name == check for name, _ in row.checks)]
        if recipe_type:
            rows = [row for row in rows if row.recipe_type == recipe_type]
        return rows if only is None else [row for row in rows if only(row.key)]

    def neighbours(self, row: Row, count: int = 2) -> list[Row]:
        """The row's video around it: up to ``count`` steps before and after, itself among them."""
        steps = self.steps[row.video_id]
        place = steps.index(row)
        return steps[max(0, place - count) : place + count + 1]


def make_worklist(
    lang: str, clips: pa.Table, captions: pa.Table, translations: pa.Table, verdicts: pa.Table
) -> Worklist:
    """The machine's rows of a language.

    Args:
        clips, captions, translations, verdicts: schemas of ``corpus.tables``; captions of the source language alone.
    """
    about = {row["clip_id"]: row for row in clips.to_pylist()}
    sources = dict(zip(_keys(captions), captions["text"].to_pylist(), strict=True))
    found: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    badness: dict[tuple[str, int], float] = defaultdict(float)
    refused = set()
    for row in verdicts.to_pylist():
        key = (row["clip_id"], row["caption_index"])
        found[key].append((row["check"], row["reason"]))
        badness[key] += 1 + min(float(row["score"] or 0), 10)
        if row["severity"] == REJECT:
            refused.add(key)
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
                recipe_type=clip["recipe_type"] or "", checks=tuple(found[key]), refused=key in refused,
                badness=badness[key], first=row["first"] or "",
            )
        )  # fmt: skip
    steps: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        steps[one.video_id].append(one)
    return Worklist(lang, sorted(rows, key=lambda one: (not one.refused, -one.badness)), dict(steps))


def _keys(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))
