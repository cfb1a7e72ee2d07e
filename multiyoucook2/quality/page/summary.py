"""What the page shows of one language, counted over its tables; the page's size depends on this, not on the rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...corpus.keys import caption_names
from ...corpus.tables import HUMAN, REJECT
from ..video import video_link

WORST = 40  # rows a language that the page shows
REPAIRED = 20  # of the rows that were mended
FLAG = "repaired:"  # as repair marks them
LENGTHS = (4, 8, 12, 16, 24)  # words of a caption; the last class is open
_BINS = 24
QUALITY_BINS = 20
_REASONS = 4  # a row


@dataclass(frozen=True)
class Profile:
    """Accepted shares by a property of the captions: (name, rows, accepted rows), in the order to show."""

    title: str
    classes: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class WorstRow:
    """A row worth a look, with where to see it in the video; ``first`` is what repair replaced, empty if nothing."""

    clip_id: str
    caption_index: int
    caption: str
    text: str
    accepted: bool
    reasons: tuple[str, ...]
    link: str
    quality: float | None = None
    first: str = ""


@dataclass(frozen=True)
class Summary:
    """One language. ``found`` counts rows by check, ``refusing`` are the checks that reject.

    ``kept`` is the mean quality of the machine's rows, the share whose meaning is expected to be kept. ``scores`` and
    ``qualities`` are histograms, of the mean log-probabilities and of quality: (left edge, rows) a bin. ``ways`` counts
    the rows that repair mended, by its way; ``repaired`` are some of them.
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
    kept: float | None = None
    calibrated: bool = False
    qualities: tuple[tuple[float, int], ...] = ()
    ways: dict[str, int] = field(default_factory=dict)
    repaired: tuple[WorstRow, ...] = ()


def summarise(
    lang: str,
    clips: pa.Table,
    captions: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    quality: pa.Table,
    *,
    calibrated: bool = False,
) -> Summary:
    """Count one language's tables.

    Args:
        clips, captions: schemas ``corpus.tables.CLIP`` and ``CAPTION``, the captions of the source language alone.
        translations, verdicts, quality: schemas ``TRANSLATION``, ``VERDICT`` and ``QUALITY``.
        calibrated: whether readers' marks stand behind ``quality``.
    """
    names = caption_names(translations)
    refused = caption_names(verdicts.filter(pc.equal(verdicts["severity"], REJECT)))
    accepted = pc.invert(pc.is_in(names, value_set=refused)).to_numpy(zero_copy_only=False)
    source = captions["text"].take(pc.index_in(names, value_set=caption_names(captions)))
    words = pc.add(pc.count_substring(pc.fill_null(source, ""), " "), 1).to_numpy()
    kinds = clips["recipe_type"].take(pc.index_in(translations["clip_id"], value_set=pc.unique(clips["clip_id"])))
    counts = pc.value_counts(verdicts["check"]).to_pylist()
    return Summary(
        lang=lang,
        rows=translations.num_rows,
        accepted=int(accepted.sum()),
        human=pc.sum(pc.equal(translations["origin"], HUMAN)).as_py() or 0,
        found={row["values"]: row["counts"] for row in sorted(counts, key=lambda row: -row["counts"])},
        refusing=frozenset(verdicts.filter(pc.equal(verdicts["severity"], REJECT))["check"].unique().to_pylist()),
        scores=_histogram(translations["score"]),
        profiles=(_by_length(words, accepted), _by_kind(kinds, accepted)),
        worst=_shown(_worst_names(verdicts), clips, captions, translations, verdicts, quality),
        kept=pc.mean(quality["quality"]).as_py(),
        calibrated=calibrated,
        qualities=_bins(quality["quality"]),
        ways=_ways(translations),
        repaired=_shown(_repaired_names(translations, verdicts), clips, captions, translations, verdicts, quality),
    )


def _histogram(scores: pa.ChunkedArray) -> tuple[tuple[float, int], ...]:
    values = scores.drop_null().to_numpy()
    if not len(values):
        return ()
    counts, edges = np.histogram(values, bins=_BINS, range=(float(min(values.min(), -0.1)), 0.0))
    return tuple(zip(edges[:-1].tolist(), counts.tolist(), strict=True))


def _by_length(lengths: np.ndarray[Any, Any], accepted: np.ndarray[Any, Any]) -> Profile:
    place = np.searchsorted(LENGTHS, lengths)
    names = [f"to {LENGTHS[0]} words", *(f"to {high}" for high in LENGTHS[1:]), f"over {LENGTHS[-1]}"]
    counted = [(name, int((place == n).sum()), int(accepted[place == n].sum())) for n, name in enumerate(names)]
    return Profile("Accepted by length of the caption", tuple(row for row in counted if row[1]))


def _by_kind(kinds: pa.ChunkedArray, accepted: np.ndarray[Any, Any]) -> Profile:
    coded = pc.dictionary_encode(kinds).combine_chunks()
    names, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    rows, kept = (np.bincount(some, minlength=len(names)).tolist() for some in (codes, codes[accepted]))
    lowest = sorted(zip(names, rows, kept, strict=True), key=lambda kind: (kind[2] / kind[1], kind[0]))[:12]
    return Profile(
        "Accepted by recipe type, the lowest twelve",
        tuple(kind for kind in lowest if kind[0]) if len(names) > 1 else (),
    )


def _bins(qualities: pa.ChunkedArray) -> tuple[tuple[float, int], ...]:
    values = qualities.drop_null().to_numpy()
    if not len(values):
        return ()
    counts, edges = np.histogram(values, bins=QUALITY_BINS, range=(0.0, 1.0))
    return tuple(zip(edges[:-1].tolist(), counts.tolist(), strict=True))


def _ways(translations: pa.Table) -> dict[str, int]:
    flags = pc.list_flatten(translations["flags"])
    counts = pc.value_counts(flags.filter(pc.starts_with(flags, FLAG))).to_pylist()
    found = sorted(counts, key=lambda row: -row["counts"])
    return {row["values"].removeprefix(FLAG): row["counts"] for row in found}


def _repaired_names(translations: pa.Table, verdicts: pa.Table) -> pa.Table:
    """Clip and index of some rows that repair mended, evenly over the table, and ``refused_max`` as for the worst."""
    flags, rows = pc.list_flatten(translations["flags"]), pc.list_parent_indices(translations["flags"])
    places = pc.unique(rows.filter(pc.starts_with(flags, FLAG)))
    step = max(1, len(places) // REPAIRED)
    chosen = translations.select(["clip_id", "caption_index"]).take(places.to_numpy()[::step][:REPAIRED])
    refused = caption_names(verdicts.filter(pc.equal(verdicts["severity"], REJECT)))
    there = pc.cast(pc.is_in(caption_names(chosen), value_set=refused), pa.int8())
    return chosen.append_column("refused_max", there)


def _shown(
    chosen: pa.Table,
    clips: pa.Table,
    captions: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    quality: pa.Table,
) -> tuple[WorstRow, ...]:
    """Rows by clip and index, with all that the page says of them."""
    names = caption_names(chosen)
    of_chosen = verdicts.filter(pc.is_in(caption_names(verdicts), value_set=names))
    reasons: dict[tuple[str, int], list[str]] = {}
    for row in of_chosen.to_pylist():
        reasons.setdefault((row["clip_id"], row["caption_index"]), []).append(f"{row['check']}: {row['reason']}")
    shown = clips.filter(pc.is_in(clips["clip_id"], value_set=pc.unique(chosen["clip_id"])))
    links = {row["clip_id"]: video_link(row["video_url"], row["start_s"]) for row in shown.to_pylist()}
    sources, texts, values, flags, firsts = (
        table[column].take(pc.index_in(names, value_set=caption_names(table))).to_pylist()
        for table, column in (
            (captions, "text"), (translations, "text"), (quality, "quality"), (translations, "flags"),
            (translations, "first"),
        )
    )  # fmt: skip
    return tuple(
        WorstRow(
            row["clip_id"], row["caption_index"], caption or "", text or "", not row["refused_max"],
            tuple([*(flag for flag in flagged or () if flag.startswith(FLAG)),
                   *reasons.get((row["clip_id"], row["caption_index"]), ())][:_REASONS]),
            links[row["clip_id"]], value, first or "",
        )
        for row, caption, text, value, flagged, first in zip(
            chosen.to_pylist(), sources, texts, values, flags, firsts, strict=True
        )
    )  # fmt: skip


def _worst_names(verdicts: pa.Table) -> pa.Table:
    """Clip and index of the worst rows, the worst first, and ``refused_max``: whether a check refuses the row."""
    score = pc.fill_null(pc.cast(verdicts["score"], pa.float64()), 0)
    found = verdicts.select(["clip_id", "caption_index"])
    found = found.append_column("refused", pc.cast(pc.equal(verdicts["severity"], REJECT), pa.int8()))
    found = found.append_column("badness", pc.add(pc.min_element_wise(score, 10.0), 1.0))
    rows = found.group_by(["clip_id", "caption_index"]).aggregate([("refused", "max"), ("badness", "sum")])
    order = [("refused_max", "descending"), ("badness_sum", "descending")]
    order += [("clip_id", "ascending"), ("caption_index", "ascending")]
    return rows.take(pc.select_k_unstable(rows, WORST, order)) if rows.num_rows else rows
