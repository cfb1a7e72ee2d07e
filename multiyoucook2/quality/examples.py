"""A sound row and a poor one of a language, for the card: figures alone do not show what a translation is like."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ..corpus.tables import HUMAN, REJECT

WORDS = range(5, 15)  # of a caption that is shown: neither trivial nor long
Key = tuple[str, int]


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
    sources = dict(zip(_keys(captions), captions["text"].to_pylist(), strict=True))
    values = dict(zip(_keys(quality), quality["quality"].to_pylist(), strict=True))
    refused = set(_keys(verdicts.filter(pc.equal(verdicts["severity"], REJECT))))
    machine = translations.filter(pc.not_equal(translations["origin"], HUMAN))
    texts = {key: text for key, text in zip(_keys(machine), machine["text"].to_pylist(), strict=True) if text}
    shown = [key for key in texts if len(sources.get(key, "").split()) in WORDS] or list(texts)
    if not shown:
        return []
    best = max(shown, key=lambda key: (key not in refused, values.get(key) or 0, key))
    worst = min(shown, key=lambda key: (key not in refused, values.get(key) or 0, key))
    chosen = [best, worst] if best != worst else [best]
    reasons = _reasons(verdicts, chosen)
    return [
        Example(lang, key[0], sources.get(key, ""), texts[key], values.get(key), key not in refused, reasons[key])
        for key in chosen
    ]


def _reasons(verdicts: pa.Table, keys: Sequence[Key]) -> dict[Key, str]:
    """What was found in some rows, what refuses them first."""
    rows = verdicts.filter(pc.is_in(verdicts["clip_id"], value_set=pa.array([clip for clip, _ in keys]))).to_pylist()
    rows.sort(key=lambda row: row["severity"] != REJECT)
    return {key: "; ".join(f"{row['check']}: {row['reason']}" for row in rows if _key(row) == key) for key in keys}


def _key(row: dict[str, object]) -> Key:
    return str(row["clip_id"]), int(str(row["caption_index"]))


def _keys(table: pa.Table) -> list[Key]:
    return list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))
