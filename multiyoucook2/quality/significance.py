"""Two builds compared row by row: a paired bootstrap over the captions that both have translated.

Each draw takes the same rows of both, so that what makes captions hard falls out. The p-value is the share of draws
whose difference is at least as far from the observed one as that is from zero (two-sided; Koehn 2004, Riezler and
Maxwell 2005).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .reference_scores import DRAWS, METRICS, Numbers, Statistics, drawn_sums

QUALITY, UNCALIBRATED = "quality", "quality (uncalibrated)"


@dataclass(frozen=True)
class Difference:
    """A measure of two builds on the same rows: ``difference`` is second minus first, with its 95% bounds."""

    lang: str
    measure: str
    rows: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """At the 5% level."""
        return self.p < 0.05


def compare_quality(lang: str, first: Numbers, second: Numbers, *, calibrated: bool) -> Difference:
    """Mean ``quality``, 0 to 100, of the same rows in two builds; the measure's name says where it is uncalibrated."""
    rows = np.stack([first, second], 1) * 100
    means = np.array(list(drawn_sums(rows))) / len(rows)
    observed = rows.mean(0)
    name = QUALITY if calibrated else UNCALIBRATED
    return _difference(lang, name, len(rows), float(observed[0]), float(observed[1]), means[:, 0], means[:, 1])


def compare_texts(
    lang: str, first: Sequence[str], second: Sequence[str], references: Sequence[Sequence[str]]
) -> list[Difference]:
    """chrF, chrF++ and BLEU of the same rows in two builds."""
    found = []
    for metric in METRICS:
        one, two = (Statistics(metric, texts, references, lang) for texts in (first, second))
        before, after = (each.score(each.rows.sum(0)) for each in (one, two))
        found.append(_difference(lang, metric, len(first), before, after, one.draws(one.rows), two.draws(two.rows)))
    return found


def _difference(
    lang: str, measure: str, rows: int, first: float, second: float, drawn_first: Numbers, drawn_second: Numbers
) -> Difference:
    observed, drawn = second - first, drawn_second - drawn_first
    low, high = np.percentile(drawn, [2.5, 97.5])
    further = int((np.abs(drawn - observed) >= abs(observed)).sum())
    return Difference(
        lang, measure, rows, first=round(first, 2), second=round(second, 2), difference=round(observed, 2),
        low=round(float(low), 2), high=round(float(high), 2), p=round((further + 1) / (DRAWS + 1), 4),
    )  # fmt: skip
