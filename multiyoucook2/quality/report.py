"""The figures of a validation: what was accepted, what was refused by which check, with examples."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..corpus.tables import HUMAN, REJECT
from ..sources.cleaning import CLEANING_FLAGS
from .table import Judgement

EXAMPLES_A_CHECK = 3


def language_figures(captions: pa.Table, translations: pa.Table, verdicts: pa.Table) -> dict[str, Any]:
    """One language's figures: rows = accepted + rejected; a row that fails two checks is rejected once.

    ``score_mean`` is the mean log-probability an output token, averaged over rows (``None`` without rows).
    """
    checks: Counter[str] = Counter()
    examples: dict[str, list[dict[str, Any]]] = {}
    sources, texts = _by_key(captions), _by_key(translations)
    refused = verdicts.filter(pc.equal(verdicts["severity"], REJECT))
    for row in refused.to_pylist():
        checks[row["check"]] += 1
        shown = examples.setdefault(row["check"], [])
        if len(shown) < EXAMPLES_A_CHECK:
            key = (row["clip_id"], row["caption_index"])
            shown.append(
                {"clip_id": key[0], "caption": sources[key], "text": texts[key], "reason": row["reason"]}
                | ({"caption_index": key[1]} if key[1] else {})
            )
    rejected = len(set(_keys(refused)))
    scores = [score for score in translations.column("score").to_pylist() if score is not None]
    flags = Counter(flag for row in translations.column("flags").to_pylist() for flag in row or ())
    return {
        "rows": translations.num_rows,
        "accepted": translations.num_rows - rejected,
        "rejected": rejected,
        "human": translations["origin"].to_pylist().count(HUMAN),
        "checks": dict(sorted(checks.items())),
        "flags": dict(sorted(flags.items())),
        "retried": sum(1 for count in translations.column("retries").to_pylist() if count),
        "score_mean": round(sum(scores) / len(scores), 4) if scores else None,
        "models": _models(translations),
        "examples": examples,
    }


def quality_figures(judgement: Judgement) -> dict[str, Any]:
    """The share of rows whose meaning is expected to be kept, and whether readers' marks stand behind it."""
    mean = pc.mean(judgement.quality["quality"]).as_py()
    return {
        "meaning_kept": None if mean is None else round(mean, 4),
        "calibrated": judgement.calibrated,
    }


def clip_figures(clips: pa.Table, captions: pa.Table) -> dict[str, Any]:
    """Figures of what was read: clips, videos, splits, captions, and what cleaning changed."""
    splits = Counter(clips.column("split").to_pylist())
    flags = Counter(flag for flag in pc.list_flatten(captions["flags"]).to_pylist() if flag in CLEANING_FLAGS)
    texts = captions.column("text").to_pylist()
    return {
        "clips": clips.num_rows,
        "videos": len(set(clips.column("video_id").to_pylist())),
        "captions": captions.num_rows,
        "captions_a_clip": 1 + (pc.max(captions["caption_index"]).as_py() or 0),  # of the clip that has most
        "splits": dict(sorted(splits.items())),
        "distinct_captions": len(set(texts)),
        "words_mean": round(sum(len(text.split()) for text in texts) / max(1, len(texts)), 2),
        "cleaned": dict(sorted(flags.items())),
    }


def _keys(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))


def _by_key(table: pa.Table) -> dict[tuple[str, int], str]:
    return dict(zip(_keys(table), table["text"].to_pylist(), strict=True))


def _models(translations: pa.Table) -> list[dict[str, Any]]:
    columns = ("model", "revision", "license", "decode_hash")
    found = Counter(zip(*(translations.column(name).to_pylist() for name in columns), strict=True))
    return [dict(zip(columns, key, strict=True)) | {"rows": count} for key, count in sorted(found.items())]


def totals(languages: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Rows, accepted and rejected over all languages."""
    return {key: sum(figures[key] for figures in languages.values()) for key in ("rows", "accepted", "rejected")}
