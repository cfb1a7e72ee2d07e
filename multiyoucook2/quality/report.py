"""The figures of a validation: what was accepted, what was refused by which check, with examples."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

EXAMPLES_A_CHECK = 3


def language_figures(clips: pa.Table, translations: pa.Table, rejections: pa.Table) -> dict[str, Any]:
    """One language's figures: rows = accepted + rejected; a row that fails two checks is rejected once.

    ``score_mean`` is the mean log-probability an output token, averaged over rows (``None`` without rows).
    """
    checks: Counter[str] = Counter()
    examples: dict[str, list[dict[str, str]]] = {}
    captions = dict(zip(clips.column("clip_id").to_pylist(), clips.column("caption").to_pylist(), strict=True))
    texts = dict(zip(translations.column("clip_id").to_pylist(), translations.column("text").to_pylist(), strict=True))
    for row in rejections.to_pylist():
        checks[row["check"]] += 1
        shown = examples.setdefault(row["check"], [])
        if len(shown) < EXAMPLES_A_CHECK:
            clip_id = row["clip_id"]
            shown.append(
                {"clip_id": clip_id, "caption": captions[clip_id], "text": texts[clip_id], "reason": row["reason"]}
            )
    rejected = len(set(rejections.column("clip_id").to_pylist()))
    scores = [score for score in translations.column("score").to_pylist() if score is not None]
    flags = Counter(flag for row in translations.column("flags").to_pylist() for flag in row or ())
    return {
        "rows": translations.num_rows,
        "accepted": translations.num_rows - rejected,
        "rejected": rejected,
        "checks": dict(sorted(checks.items())),
        "flags": dict(sorted(flags.items())),
        "retried": sum(1 for count in translations.column("retries").to_pylist() if count),
        "score_mean": round(sum(scores) / len(scores), 4) if scores else None,
        "models": _models(translations),
        "examples": examples,
    }


def clip_figures(clips: pa.Table) -> dict[str, Any]:
    """Figures of the English side: clips, videos, splits, and what cleaning changed."""
    splits = Counter(clips.column("split").to_pylist())
    flags = Counter(flag for row in clips.column("flags").to_pylist() for flag in row or ())
    captions = clips.column("caption").to_pylist()
    return {
        "clips": clips.num_rows,
        "videos": len(set(clips.column("video_id").to_pylist())),
        "splits": dict(sorted(splits.items())),
        "distinct_captions": len(set(captions)),
        "words_mean": round(sum(len(caption.split()) for caption in captions) / max(1, len(captions)), 2),
        "cleaned": dict(sorted(flags.items())),
    }


def _models(translations: pa.Table) -> list[dict[str, Any]]:
    columns = ("model", "revision", "license", "decode_hash")
    found = Counter(zip(*(translations.column(name).to_pylist() for name in columns), strict=True))
    return [dict(zip(columns, key, strict=True)) | {"rows": count} for key, count in sorted(found.items())]


def totals(languages: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Rows, accepted and rejected over all languages."""
    return {key: sum(figures[key] for figures in languages.values()) for key in ("rows", "accepted", "rejected")}
