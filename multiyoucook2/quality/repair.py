"""Repair: what is probably wrong is translated in several ways, and the best by ``quality`` is taken.

The alignment is learned from the rows that seem sound, so no row vouches for itself, and the row as it stands is judged
beside its rivals by the same measure. It is replaced only by one that is clearly better; nothing gets worse by it.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from ..translation.nbest import Choice
from .check import Batch, Context, Scores, run_checks
from .estimation import row_quality
from .evidence import Pair
from .pairs import sound_pairs
from .settings import Checks, Repair
from .table import batch_of, caption_keys, judge

MARGIN = 0.05  # of quality, by which a rival has to be better
CLOSE = 0.02  # rivals this near the best in quality are told apart by the engine's score
FLAG = "repaired:"

Choices = Callable[[Sequence[str]], Mapping[str, Sequence[Choice]]]


def repair_table(
    captions: pa.Table, translations: pa.Table, lang: str, settings: Repair, choices: Choices, source_lang: str = "en"
) -> pa.Table:
    """A table of translations, mended where a rival is better.

    Args:
        captions: columns ``clip_id``, ``caption_index`` and ``text``, the source language's.
        translations: schema ``corpus.tables.TRANSLATION``, row for row.
        lang: the language of the translations.
        settings: which rows are tried again.
        choices: gives rivals for some captions.
        source_lang: the language of the captions.

    Returns:
        The table with other ``text``, ``score``, ``flags`` (``repaired:n-best``, ``repaired:parts``) and ``retries`` in
        the rows that were mended.
    """
    checks = Checks()
    judged = judge(captions, translations, lang, checks, source_lang=source_lang)
    quality = judged.quality["quality"].to_numpy(zero_copy_only=False)
    batch = batch_of(captions["text"].to_pylist(), translations, lang, source_lang)
    poor = np.flatnonzero(quality < settings.below).tolist()
    if not poor:
        return translations
    rivals = choices([batch.captions[row] for row in poor])
    keys = zip(caption_keys(captions), batch.captions, strict=True)
    sound = [pair for pair, good in zip(batch.pairs, quality >= settings.below, strict=True) if good]
    human = sound_pairs(lang, {clip: caption for (clip, index), caption in keys if not index})
    mended = {
        row: choice
        for row, choice in zip(poor, _best(batch.take(poor), rivals, sound, human), strict=True)
        if choice is not None
    }
    columns = {name: translations[name].to_pylist() for name in ("text", "score", "flags", "retries")}
    for row, choice in mended.items():
        columns["text"][row], columns["score"][row] = choice.text, choice.score
        columns["flags"][row] = [*choice.flags, f"{FLAG}{choice.path}"]
        columns["retries"][row] += 1
    for name, values in columns.items():
        place = translations.schema.get_field_index(name)
        field = translations.schema.field(name)
        translations = translations.set_column(place, field, pa.array(values, field.type))
    return translations


def _best(
    batch: Batch, rivals: Mapping[str, Sequence[Choice]], sound: Sequence[Pair], human: Sequence[Pair]
) -> list[Choice | None]:
    """For each row the rival to take, or ``None`` where the row stays as it is."""
    own = [
        Choice(text, None if np.isnan(score) else float(score), flags, "")
        for text, score, flags in zip(batch.texts, batch.scores, batch.flags, strict=True)
    ]
    several = [[mine, *rivals[caption]] for mine, caption in zip(own, batch.captions, strict=True)]
    together = Batch(
        batch.lang,
        [caption for caption, found in zip(batch.captions, several, strict=True) for _ in found],
        [choice.text for found in several for choice in found],
        [choice.flags for found in several for choice in found],
        np.array([np.nan if one.score is None else one.score for found in several for one in found], np.float32),
        batch.source_lang,
    )
    checks = Checks()
    quality = row_quality(run_checks(together, Context(together, checks, sound, human)), batch.lang, checks)
    starts = np.cumsum([0, *(len(found) for found in several)])
    return [_pick(found, quality[start:]) for found, start in zip(several, starts.tolist(), strict=False)]


def _pick(found: Sequence[Choice], quality: Scores) -> Choice | None:
    best = float(quality[: len(found)].max())
    if best < quality[0] + MARGIN:
        return None
    near = [choice for choice, value in zip(found, quality, strict=False) if value >= best - CLOSE]
    return max(near, key=lambda choice: -np.inf if choice.score is None else choice.score)
