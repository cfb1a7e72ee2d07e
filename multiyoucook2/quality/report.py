"""The figures of a validation: what was accepted, what was refused by which check, with examples."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..corpus.keys import caption_names
from ..corpus.tables import HUMAN, REJECT
from ..sources.cleaning import CLEANING_FLAGS
from .estimation import mostly
from .table import Judgement

EXAMPLES_A_CHECK = 3
# Below these shares a data set is not published unasked.
LEAST_ACCEPTED = 0.8
LEAST_KEPT = 0.6


def language_figures(captions: pa.Table, translations: pa.Table, verdicts: pa.Table) -> dict[str, Any]:
    """One language's figures: rows = accepted + rejected; a row that fails two checks is rejected once.

    ``score_mean`` is the mean log-probability an output token, averaged over rows (``None`` without rows).
    """
    refused = verdicts.filter(pc.equal(verdicts["severity"], REJECT))
    rejected = pc.count_distinct(caption_names(refused)).as_py()
    score = pc.mean(translations["score"]).as_py()
    return {
        "rows": translations.num_rows,
        "accepted": translations.num_rows - rejected,
        "rejected": rejected,
        "human": _how_many(pc.equal(translations["origin"], HUMAN)),
        "checks": _counted(refused["check"]),
        "flags": _counted(pc.list_flatten(translations["flags"])),
        "retried": _how_many(pc.greater(translations["retries"], 0)),
        "score_mean": None if score is None else round(score, 4),
        "models": _models(translations),
        "examples": _examples(captions, translations, refused),
    }


def _examples(captions: pa.Table, translations: pa.Table, refused: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """The first refused rows of each check."""
    checks = refused["check"].unique().to_pylist()
    firsts = [refused.filter(pc.equal(refused["check"], check)).slice(0, EXAMPLES_A_CHECK) for check in checks]
    chosen = pa.concat_tables([refused.slice(0, 0), *firsts])
    texts = (_texts_of(table, caption_names(chosen)) for table in (captions, translations))
    examples: dict[str, list[dict[str, Any]]] = {}
    for row, caption, text in zip(chosen.to_pylist(), *texts, strict=True):
        examples.setdefault(row["check"], []).append(
            {"clip_id": row["clip_id"], "caption": caption, "text": text, "reason": row["reason"]}
            | ({"caption_index": row["caption_index"]} if row["caption_index"] else {})
        )
    return examples


def _texts_of(table: pa.Table, names: pa.Array) -> list[str]:
    """The texts of some captions, by name."""
    places = pc.index_in(names, value_set=caption_names(table))
    texts: list[str] = table["text"].take(places).to_pylist()
    return texts


def quality_figures(judgement: Judgement) -> dict[str, Any]:
    """The share of rows whose meaning is expected to be kept, and whether readers' marks stand behind it.

    They do where nearly all rows are calibrated; ``uncalibrated`` is how many are not.
    """
    mean = pc.mean(judgement.quality["quality"]).as_py()
    return {
        "meaning_kept": None if mean is None else round(mean, 4),
        "calibrated": mostly(judgement.known),
        "uncalibrated": int((~judgement.known).sum()),
    }


def clip_figures(clips: pa.Table, captions: pa.Table) -> dict[str, Any]:
    """Figures of what was read: clips, videos, splits, captions, and what cleaning changed."""
    flags = pc.list_flatten(captions["flags"])
    words = pc.add(pc.count_substring(captions["text"], " "), 1)  # cleaned texts have single spaces
    return {
        "clips": clips.num_rows,
        "videos": pc.count_distinct(clips["video_id"]).as_py(),
        "captions": captions.num_rows,
        "captions_a_clip": 1 + (pc.max(captions["caption_index"]).as_py() or 0),  # of the clip that has most
        "splits": _counted(clips["split"]),
        "distinct_captions": pc.count_distinct(captions["text"]).as_py(),
        "words_mean": round(pc.mean(words).as_py() or 0, 2),
        "cleaned": _counted(flags.filter(pc.is_in(flags, value_set=pa.array(CLEANING_FLAGS)))),
    }


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    """How often each value is there, by value."""
    return dict(sorted((row["values"], row["counts"]) for row in pc.value_counts(values).to_pylist()))


def _how_many(chosen: pa.ChunkedArray) -> int:
    return pc.sum(chosen).as_py() or 0


def _models(translations: pa.Table) -> list[dict[str, Any]]:
    columns = ["model", "revision", "license", "decode_hash"]
    found = translations.group_by(columns).aggregate([([], "count_all")]).to_pylist()
    rows = [{name: row[name] for name in columns} | {"rows": row["count_all"]} for row in found]
    return sorted(rows, key=lambda row: tuple(row.values()))


def totals(languages: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Rows, accepted and rejected over all languages."""
    return {key: sum(figures[key] for figures in languages.values()) for key in ("rows", "accepted", "rejected")}


def failing(languages: Mapping[str, Mapping[str, Any]], toys: Sequence[str]) -> list[str]:
    """Why a data set should not be relied on, a reason a line; empty where nothing speaks against it.

    Args:
        languages: figures of each, as :func:`language_figures` and :func:`quality_figures` give them.
        toys: languages whose translations are for trials.
    """
    found = [f"{', '.join(toys)}: translated by the bundled model, which is for trials"] if toys else []
    for lang, figures in languages.items():
        rows, kept = figures["rows"], figures["meaning_kept"]
        if rows and figures["accepted"] < LEAST_ACCEPTED * rows:
            found.append(f"{lang}: {figures['rejected'] / rows:.0%} of the rows are refused")
        if kept is not None and figures["calibrated"] and kept < LEAST_KEPT:
            found.append(f"{lang}: only {kept:.0%} of the rows are expected to keep their meaning")
    return found
