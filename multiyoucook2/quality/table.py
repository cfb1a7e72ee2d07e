"""The validation of a language: a table of translations in, a table of verdicts out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..corpus.tables import QUALITY, VERDICT
from ..errors import WorkspaceError
from .check import Batch, Context, Findings, run_checks
from .estimation import calibration, row_quality, severity_of
from .pairs import sound_pairs
from .settings import Checks

ENOUGH_ROWS = 5000  # a smaller build's alignment knows too few words: even sound translations look worse by it
Key = tuple[str, int]


@dataclass(frozen=True)
class Judgement:
    """What the checks say of the translations into one language.

    Attributes:
        verdicts: schema ``corpus.tables.VERDICT``, a row for each check that finds something in a translation. A
            translation is accepted if it has no verdict of severity ``reject``.
        quality: schema ``corpus.tables.QUALITY``, a row a translation.
        calibrated: whether rows of the language and of all its engines were marked by readers, and the rows are enough
            to learn an alignment from as good as the one that was marked.
    """

    verdicts: pa.Table
    quality: pa.Table
    calibrated: bool


def judge(
    captions: pa.Table, translations: pa.Table, lang: str, settings: Checks, *, source_lang: str = "en"
) -> Judgement:
    """All verdicts on the translations into one language, and how likely each keeps its caption's meaning.

    Args:
        captions: columns ``clip_id``, ``caption_index`` and ``text``, the source language's.
        translations: the same keys in the same order, with ``text``, ``score``, ``flags`` and ``model``.
        lang: the language of the translations.
        settings: the recipe's section ``checks``.
        source_lang: the language of the captions.

    Raises:
        WorkspaceError: the two tables are not row for row of the same captions.
    """
    keys = caption_keys(captions)
    require_same_rows(keys, caption_keys(translations), set(translations.column("lang").to_pylist()), lang)
    batch = batch_of(captions.column("text").to_pylist(), translations, lang, source_lang)
    english = {clip_id: caption for (clip_id, index), caption in zip(keys, batch.captions, strict=True) if index == 0}
    found = run_checks(batch, Context(batch, settings, sound=sound_pairs(lang, english)))
    quality = row_quality(found, lang, settings)
    estimated = pa.array(quality, pa.float32(), from_pandas=True)  # nan is null
    engines = set(translations.column("model").to_pylist())
    return Judgement(
        verdicts(keys, lang, found),
        pa.table([*captions.select(["clip_id"]).columns, [index for _, index in keys], estimated], schema=QUALITY),
        calibration().knows(lang, engines) and len(keys) >= ENOUGH_ROWS,
    )


def caption_keys(table: pa.Table) -> list[Key]:
    """(clip, caption index) of each row; a table without ``caption_index`` has one caption a clip."""
    clip_ids = table.column("clip_id").to_pylist()
    indices = (
        table.column("caption_index").to_pylist() if "caption_index" in table.schema.names else [0] * len(clip_ids)
    )
    return list(zip(clip_ids, indices, strict=True))


def batch_of(sources: Sequence[str], translations: pa.Table, lang: str, source_lang: str) -> Batch:
    """The rows of a table of translations as checks read them."""
    scores = translations.column("score").cast(pa.float32()).to_numpy(zero_copy_only=False)
    return Batch(
        lang,
        sources,
        [text or "" for text in translations.column("text").to_pylist()],
        [tuple(flags or ()) for flags in translations.column("flags").to_pylist()],
        np.asarray(scores, np.float32),
        source_lang,
    )


def verdicts(keys: Sequence[Key], lang: str, found: dict[str, Findings]) -> pa.Table:
    """Findings as a table, in the order of the rows, and for a row in the order of the checks."""
    rows = []
    for name, findings in found.items():
        for row in np.flatnonzero(findings.scores > findings.shown).tolist():
            rows.append((row, name, findings.reason(row), float(findings.scores[row])))
    rows.sort(key=lambda found: found[:2])
    columns = {
        "clip_id": [keys[row][0] for row, *_ in rows],
        "caption_index": [keys[row][1] for row, *_ in rows],
        "lang": [lang] * len(rows),
        "check": [name for _, name, _, _ in rows],
        "severity": [severity_of(name) for _, name, _, _ in rows],
        "reason": [reason for _, _, reason, _ in rows],
        "score": [score for *_, score in rows],
    }
    return pa.table(columns, schema=VERDICT)


def require_same_rows(wanted: Sequence[Key], found: Sequence[Key], langs: set[str], lang: str) -> None:
    """Each caption is translated exactly once, in the captions' order.

    Raises:
        WorkspaceError: it is not so; the message says how many are missing, doubled or unknown.
    """
    if wanted == found and langs <= {lang}:
        return
    missing, unknown = len(set(wanted) - set(found)), len(set(found) - set(wanted))
    doubled = len(found) - len(set(found))
    raise WorkspaceError(
        f"the translations into {lang} do not match the clips: {missing} missing, {doubled} doubled, {unknown} unknown",
        hint="remove the build's folder objects/ and build again; the translation memory keeps the work",
    )
