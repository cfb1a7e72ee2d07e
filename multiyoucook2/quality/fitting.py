"""Fits ``quality`` on rows that readers marked, and measures it on rows that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from .estimation import SIGNALS, Calibration, Numbers, fit

FOLDS = 9


@dataclass(frozen=True)
class Marked:
    """Marked rows with what the signals give them; row for row."""

    signals: Numbers  # (rows, signals), in the order of ``SIGNALS``, as ``estimation.signal_matrix`` gives them
    wrong: Numbers  # 1 where the meaning is not kept
    langs: Sequence[str]
    clips: Sequence[str]

    def where(self, wanted: NDArray[np.bool_]) -> "Marked":
        """Some of the rows."""
        kept = np.flatnonzero(wanted).tolist()
        langs, clips = ([column[row] for row in kept] for column in (self.langs, self.clips))
        return Marked(self.signals[wanted], self.wrong[wanted], langs, clips)


@dataclass(frozen=True)
class Discrimination:
    """How well a quality below a threshold tells the rows whose meaning is not kept.

    ``auc`` is the probability that such a row gets less than one whose meaning is kept, ``nan`` without either kind.
    """

    rows: int
    wrong: int
    auc: float
    precision: float
    recall: float

    @classmethod
    def of(cls, quality: Numbers, wrong: Numbers, threshold: float) -> "Discrimination":
        """Of the qualities of rows, and whether they are wrong."""
        is_wrong, refused = wrong == 1, quality < threshold
        bad, good = quality[is_wrong], quality[~is_wrong]
        pairs = len(bad) * len(good)
        above = ((bad[:, None] < good).sum() + 0.5 * (bad[:, None] == good).sum()) / pairs if pairs else np.nan
        hits = (is_wrong & refused).sum()
        precision, recall = hits / max(1, refused.sum()), hits / max(1, is_wrong.sum())
        return cls(len(wrong), int(is_wrong.sum()), float(above), float(precision), float(recall))

    def as_json(self) -> dict[str, float | None]:
        """Plain numbers, three digits."""
        return {name: None if np.isnan(value) else round(value, 3) for name, value in asdict(self).items()}


def refit(marked: Marked, prior: Calibration, engines: Sequence[str]) -> Calibration:
    """The prior, moved as far as the marks say: with few of them it stays near.

    Languages without marks are left out where the prior does not know the engines either.
    """
    known = quality_odds(prior, marked)
    constant, weights, languages = fit(marked.signals, marked.wrong, marked.langs, np.ones(len(marked.wrong)), known)
    others = prior.languages if set(engines) <= set(prior.engines) else {}
    return Calibration(
        constant=round(prior.constant + constant, 4),
        weights={
            name: round(prior.weights[name] + float(move), 4) for name, move in zip(SIGNALS, weights, strict=True)
        },
        languages={lang: value - constant for lang, value in others.items() if lang not in languages}
        | {lang: round(prior.languages.get(lang, 0.0) + move, 4) for lang, move in languages.items()},
        engines=tuple(engines),
    )


def quality_odds(calibration: Calibration, marked: Marked) -> Numbers:
    """The log-odds that the meaning is not kept."""
    languages = np.array([calibration.languages.get(lang, 0.0) for lang in marked.langs])
    weights = np.array([calibration.weights[name] for name in SIGNALS])  # a file has them in another order
    odds: Numbers = calibration.constant + languages + marked.signals @ weights
    return odds


def unseen_odds(marked: Marked, odds: Callable[[Marked, Marked], Numbers]) -> Numbers:
    """Log-odds of each row by a model that has seen no row of its clip: ``odds(seen, unseen)`` gives them."""
    clips = sorted(set(marked.clips))
    fold = dict(zip(clips, np.random.default_rng(0).permutation(len(clips)) % FOLDS, strict=True))
    folds = np.array([fold[clip] for clip in marked.clips])
    found = np.zeros(len(folds))
    for number in range(FOLDS):
        if (unseen := folds == number).any():
            found[unseen] = odds(marked.where(~unseen), marked.where(unseen))
    return found
