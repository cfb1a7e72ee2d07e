"""A sound row and a poor one of a language, for the card: figures alone do not show what a translation is like."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..corpus.keys import caption_names
from ..corpus.tables import HUMAN, REJECT

WORDS = range(5, 15)  # of a caption that is shown: neither trivial nor long


@dataclass(frozen=True)
class Example:
    """One row. ``why`` is what the checks found, empty where nothing."""

    lang: str
    clip_id: str
    caption: str
    text: str
    quality: float | None
    accepted: bool
    why: str


def example_rows(
    lang: str, captions: pa.Table, translations: pa.Table, verdicts: pa.Table, quality: pa.Table
) -> list[Example]:
    """The best machine translation that was accepted, and the worst that was refused (else the worst of all).

    Args:
        captions, translations, verdicts, quality: schemas of ``corpus.tables``; captions of the source language alone.
    """
    machine = translations.filter(
        pc.and_(pc.not_equal(translations["origin"], HUMAN), pc.not_equal(pc.fill_null(translations["text"], ""), ""))
    )
    names = caption_names(machine)
    refused = caption_names(verdicts.filter(pc.equal(verdicts["severity"], REJECT)))
    caption, value = (
        table[column].take(pc.index_in(names, value_set=caption_names(table)))
        for table, column in ((captions, "text"), (quality, "quality"))
    )
    rows = machine.select(["clip_id", "caption_index", "text"])
    rows = rows.append_column("caption", pc.fill_null(caption, "")).append_column("quality", value)
    rows = rows.append_column("accepted", pc.cast(pc.invert(pc.is_in(names, value_set=refused)), pa.int8()))
    rows = rows.append_column("known", pc.fill_null(value, 1.0))  # null where a person has said it
    words = pc.add(pc.count_substring(rows["caption"], " "), 1)
    shown = rows.filter(pc.is_in(words, value_set=pa.array(WORDS, words.type)))
    shown = shown if shown.num_rows else rows
    if not shown.num_rows:
        return []
    chosen = [_first(shown, "descending"), _first(shown, "ascending")]
    return [
        Example(
            lang, row["clip_id"], row["caption"], row["text"], row["quality"], bool(row["accepted"]),
            _why(verdicts, row["clip_id"], row["caption_index"]),
        )
        for row in (chosen if chosen[0] != chosen[1] else chosen[:1])
    ]  # fmt: skip


def _first(rows: pa.Table, order: str) -> dict[str, Any]:
    """The row that comes first by whether it is accepted, and then by quality."""
    keys = [(name, order) for name in ("accepted", "known", "clip_id", "caption_index")]
    row: dict[str, Any] = rows.take(pc.select_k_unstable(rows, 1, keys)).to_pylist()[0]
    return row


def _why(verdicts: pa.Table, clip_id: str, caption_index: int) -> str:
    """What was found in a row, what refuses it first."""
    mine = pc.and_(pc.equal(verdicts["clip_id"], clip_id), pc.equal(verdicts["caption_index"], caption_index))
    rows = sorted(verdicts.filter(mine).to_pylist(), key=lambda row: row["severity"] != REJECT)
    return "; ".join(f"{row['check']}: {row['reason']}" for row in rows)
