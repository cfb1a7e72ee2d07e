"""What the page shows of one language, counted over its tables; the page's size depends on this, not on the rows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...corpus.tables import HUMAN, REJECT

WORST = 40  # rows a language that the page shows
LENGTHS = (4, 8, 12, 16, 24)  # words of a caption; the last class is open
_BINS = 24
_REASONS = 4  # a row


@dataclass(frozen=True)
class Profile:
    """Accepted shares by a property of the captions: (name, rows, accepted rows), in the order to show."""

    title: str
    classes: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class WorstRow:
    """A row worth a look, with where to see it in the video."""

    clip_id: str
    caption_index: int
    caption: str
    text: str
    accepted: bool
    reasons: tuple[str, ...]
    link: str


@dataclass(frozen=True)
class Summary:
    """One language. ``found`` counts rows by check, ``refusing`` are the checks that reject.

    ``scores`` is a histogram of the mean log-probabilities: (left edge, rows) a bin.
    """

    lang: str
    rows: int
    accepted: int
    human: int
    found: dict[str, int]
    refusing: frozenset[str]
    scores: tuple[tuple[float, int], ...]
    profiles: tuple[Profile, ...]
    worst: tuple[WorstRow, ...]


def summarise(lang: str, clips: pa.Table, captions: pa.Table, translations: pa.Table, verdicts: pa.Table) -> Summary:
    """Count one language's tables.

    Args:
        clips, captions: schemas ``corpus.tables.CLIP`` and ``CAPTION``, the captions of the source language alone.
        translations, verdicts: schemas ``TRANSLATION`` and ``VERDICT``.
    """
    keys = _keys(translations)
    sources = dict(zip(_keys(captions), captions["text"].to_pylist(), strict=True))
    refusing = verdicts.filter(pc.equal(verdicts["severity"], REJECT))
    refused = set(_keys(refusing))
    accepted = np.array([key not in refused for key in keys], bool)
    lengths = [len(sources.get(key, "").split()) for key in keys]
    kind_of = dict(zip(clips["clip_id"].to_pylist(), clips["recipe_type"].to_pylist(), strict=True))
    return Summary(
        lang=lang,
        rows=len(keys),
        accepted=int(accepted.sum()),
        human=translations["origin"].to_pylist().count(HUMAN),
        found=dict(Counter(verdicts["check"].to_pylist()).most_common()),
        refusing=frozenset(refusing["check"].to_pylist()),
        scores=_histogram(translations["score"]),
        profiles=(_by_length(lengths, accepted), _by_kind([kind_of[clip] for clip, _ in keys], accepted)),
        worst=_worst(clips, sources, translations, verdicts, refused),
    )


def _histogram(scores: pa.ChunkedArray) -> tuple[tuple[float, int], ...]:
    values = scores.drop_null().to_numpy()
    if not len(values):
        return ()
    counts, edges = np.histogram(values, bins=_BINS, range=(float(min(values.min(), -0.1)), 0.0))
    return tuple(zip(edges[:-1].tolist(), counts.tolist(), strict=True))


def _by_length(lengths: Sequence[int], accepted: np.ndarray[Any, Any]) -> Profile:
    place = np.searchsorted(LENGTHS, lengths)
    names = [f"to {LENGTHS[0]} words", *(f"to {high}" for high in LENGTHS[1:]), f"over {LENGTHS[-1]}"]
    counted = [(name, int((place == n).sum()), int(accepted[place == n].sum())) for n, name in enumerate(names)]
    return Profile("Accepted by length of the caption", tuple(row for row in counted if row[1]))


def _by_kind(kinds: Sequence[str], accepted: np.ndarray[Any, Any]) -> Profile:
    rows, kept = Counter(kinds), Counter(kind for kind, sound in zip(kinds, accepted, strict=True) if sound)
    lowest = sorted(rows, key=lambda kind: (kept[kind] / rows[kind], kind))[:12]
    return Profile(
        "Accepted by recipe type, the lowest twelve",
        tuple((kind, rows[kind], kept[kind]) for kind in lowest if kind) if len(rows) > 1 else (),
    )


def _worst(
    clips: pa.Table,
    sources: dict[tuple[str, int], str],
    translations: pa.Table,
    verdicts: pa.Table,
    refused: set[tuple[str, int]],
) -> tuple[WorstRow, ...]:
    """The refused rows first, then those with the most and strongest signals."""
    badness: defaultdict[tuple[str, int], float] = defaultdict(float)
    reasons: dict[tuple[str, int], list[str]] = {}
    columns = (verdicts[name].to_pylist() for name in ("check", "reason", "score"))
    for key, check, reason, score in zip(_keys(verdicts), *columns, strict=True):
        badness[key] += 1 + min(float(score or 0), 10)
        reasons.setdefault(key, []).append(f"{check}: {reason}")
    chosen = sorted(badness, key=lambda key: (key not in refused, -badness[key], key))[:WORST]
    texts = dict(zip(_keys(translations), translations["text"].to_pylist(), strict=True))
    wanted = pa.array(list({clip for clip, _ in chosen}), pa.string())
    shown = clips.filter(pc.is_in(clips["clip_id"], value_set=wanted))
    links = {row["clip_id"]: _link(row) for row in shown.to_pylist()}
    return tuple(
        WorstRow(
            clip, index, sources.get((clip, index), ""), texts.get((clip, index)) or "", (clip, index) not in refused,
            tuple(reasons[clip, index][:_REASONS]), links[clip],
        )
        for clip, index in chosen
    )  # fmt: skip


def _link(clip: dict[str, Any]) -> str:
    """The video at the segment's second, where it is on the web."""
    url, start_s = str(clip["video_url"] or ""), clip["start_s"]
    if not url.startswith(("http://", "https://")) or start_s is None:
        return ""
    return f"{url}{'&' if '?' in url else '?'}t={int(start_s)}"


def _keys(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))
