"""Repair: what is probably wrong is translated in other ways, one after another, and the best by ``quality`` is taken.

The rows teach an alignment once; what is to be mended is judged by what the sound rows taught, the row as it stands
beside its rivals, so that no row vouches for itself. It is replaced only by one that is clearly better: nothing gets
worse by this measure. A row that is good enough goes no further up the ladder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from ..translation.flags import SEVERITY
from ..translation.ways import Ask, Choice, Maker
from .check import CHECKS, Batch, Context, Scores, run_checks
from .estimation import SIGNALS, Calibration, shipped
from .evidence import Learned, Pair
from .settings import Checks, Repair
from .table import PART, batch_of, learn

VERSION = 3  # raise with any change to which rival is taken
MARGIN = 0.05  # of quality, by which a rival has to be better
CLOSE = 0.02  # rivals this near the best in quality are told apart by the engine's score
FLAG = "repaired:"
_MAKER = tuple(field.name for field in fields(Maker))

Rivals = list[tuple[float, Choice]]  # with their quality
Offer = Callable[[Sequence[Ask]], Mapping[Ask, Sequence[Choice]]]  # gives rivals for captions, of one way


@dataclass
class _Patient:
    """A row that is to be mended: what it says now, and how good that is."""

    ask: Ask
    now: Choice
    quality: float
    tried: int = 0


@dataclass(frozen=True)
class _Judge:
    """What rows taught, what it counts for, and what the build refuses."""

    learned: Learned
    calibration: Calibration
    checks: Checks

    def quality(self, batch: Batch) -> Scores:
        """Quality as the signals give it, before any check refuses; 0 for what the engine itself found wrong."""
        found = run_checks(batch, Context(batch, learned=self.learned), SIGNALS)
        quality = self.calibration.quality(found, batch.lang)
        wrong = [any(flag in SEVERITY and self.checks.counts(flag) for flag in flags) for flags in batch.flags]
        quality[wrong] = 0
        return quality

    def refused(self, batch: Batch) -> list[bool]:
        """Whether some check refuses a row, as the build's validation will."""
        refusing = [check.name for check in CHECKS if check.severity == "reject"]
        found = run_checks(batch, Context(batch, self.checks), refusing)
        refused: list[bool] = np.any([one.scores > one.shown for one in found.values()], axis=0).tolist()
        return refused


class Mender:
    """Mends a table of translations where a rival is better, some rows at a time, by what the whole table teaches.

    Args:
        captions: columns ``clip_id``, ``caption_index`` and ``text``, the source language's.
        translations: schema ``corpus.tables.TRANSLATION``, row for row.
        lang: the language of the translations.
        settings: which rows are tried again.
        source_lang: the language of the captions.
        calibration: of ``quality``; none: the one that ships.
        checks: what the build's validation refuses; none: the defaults. Repair learns an alignment even where they do
            without one.
    """

    def __init__(
        self,
        captions: pa.Table,
        translations: pa.Table,
        lang: str,
        settings: Repair,
        source_lang: str = "en",
        calibration: Calibration | None = None,
        checks: Checks | None = None,
    ) -> None:
        self._captions, self._translations, self._below = captions, translations, settings.below
        self._lang, self._source_lang = lang, source_lang
        checks = checks or Checks()  # pyright: ignore
        judge = _Judge(learn(captions, translations, lang, source_lang), calibration or shipped(), checks)
        poor: list[int] = []
        pairs: list[Pair] = []
        for first in range(0, captions.num_rows, PART):
            batch = self._batch(first, PART)
            found = np.flatnonzero(judge.quality(batch) < self._below).tolist()
            poor += [first + row for row in found]
            pairs += [(batch.captions[row], batch.texts[row]) for row in found]
        self._poor = np.array(poor, np.int64)
        self._judge = _Judge(judge.learned.without(pairs), judge.calibration.sceptical(), checks)

    def mended(self, first: int, rows: int, offers: Iterable[Offer], before: Sequence[str] | None = None) -> pa.Table:
        """So many rows from the ``first`` on.

        Args:
            first, rows: which.
            offers: ways to come by rivals, in the order in which they are tried.
            before: the step before each of these captions in its video, ``""`` where there is none.

        Returns:
            The rows with other ``text``, ``score``, ``flags`` (``repaired:n-best``, ``repaired:parts``, ...) and
            ``retries`` where they were mended.
        """
        translations = self._translations.slice(first, rows)
        poor = (self._poor[(self._poor >= first) & (self._poor < first + rows)] - first).tolist()
        if not poor:
            return translations
        batch = self._batch(first, rows)
        patients = {
            row: _Patient(
                Ask(batch.captions[row], before[row] if before else ""),
                Choice(batch.texts[row], _number(batch.scores[row]), batch.flags[row], ""),
                float(value),
            )
            for row, value in zip(poor, self._judge.quality(batch.take(poor)), strict=True)
        }
        for offer in offers:
            _try([one for one in patients.values() if one.quality < self._below], offer, batch, self._judge)
        return _mended(translations, {row: patient for row, patient in patients.items() if patient.now.path})

    def _batch(self, first: int, rows: int) -> Batch:
        captions = self._captions["text"].slice(first, rows).to_pylist()
        return batch_of(captions, self._translations.slice(first, rows), self._lang, self._source_lang)


def _try(patients: Sequence[_Patient], offer: Offer, batch: Batch, judge: _Judge) -> None:
    """One way, for the rows that are not good enough yet."""
    if not patients:
        return
    for patient in patients:
        patient.tried += 1
    offered = offer([patient.ask for patient in patients])
    rivals = [(ask, choice) for ask, choices in offered.items() for choice in choices]
    if not rivals:
        return
    together = _batch(rivals, batch)
    values = iter(judge.quality(together).tolist())
    judged = {ask: [(next(values), choice) for choice in choices] for ask, choices in offered.items()}
    _choose(patients, {ask: _best_first(found) for ask, found in judged.items()}, batch, judge)


def _choose(patients: Sequence[_Patient], judged: Mapping[Ask, Rivals], batch: Batch, judge: _Judge) -> None:
    """Gives each row its best rival that no check refuses, where that is better; rivals are checked as they come up."""
    waiting = [(patient, list(judged.get(patient.ask, ()))) for patient in patients]
    while waiting := [(one, left) for one, left in waiting if left and left[0][0] >= one.quality + MARGIN]:
        chosen = [left.pop(0) for _, left in waiting]
        rivals = [(one.ask, rival) for (one, _), (_, rival) in zip(waiting, chosen, strict=True)]
        refused = judge.refused(_batch(rivals, batch))
        for (patient, left), (quality, rival), bad in zip(waiting, chosen, refused, strict=True):
            if not bad:
                patient.now, patient.quality = rival, quality
                left.clear()


def _best_first(found: Rivals) -> Rivals:
    """The best by quality first, and of those near it the engine's own choice."""
    found = sorted(found, key=lambda pair: -pair[0])
    near = [pair for pair in found if pair[0] >= found[0][0] - CLOSE]
    near.sort(key=lambda pair: -np.inf if pair[1].score is None else -pair[1].score)
    return [*near, *found[len(near) :]]


def _batch(rivals: Sequence[tuple[Ask, Choice]], like: Batch) -> Batch:
    scores = [np.nan if choice.score is None else choice.score for _, choice in rivals]
    captions, texts = [ask.caption for ask, _ in rivals], [choice.text for _, choice in rivals]
    flags = [choice.flags for _, choice in rivals]
    return Batch(like.lang, captions, texts, flags, np.array(scores, np.float32), like.source_lang)


def _number(score: float) -> float | None:
    return None if np.isnan(score) else float(score)


def _mended(translations: pa.Table, mended: Mapping[int, _Patient]) -> pa.Table:
    columns = {name: translations[name].to_pylist() for name in ("text", "score", "flags", "retries", *_MAKER)}
    for row, patient in mended.items():
        choice = patient.now
        columns["text"][row], columns["score"][row] = choice.text, choice.score
        columns["flags"][row] = [*choice.flags, f"{FLAG}{choice.path}"]
        columns["retries"][row] += patient.tried
        for name in _MAKER if choice.maker else ():
            columns[name][row] = getattr(choice.maker, name)
    for name, values in columns.items():
        place = translations.schema.get_field_index(name)
        field = translations.schema.field(name)
        translations = translations.set_column(place, field, pa.array(values, field.type))
    return translations
