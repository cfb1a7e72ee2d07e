"""A row's ``quality``: the probability, 0 to 1, that a careful reader finds the caption's meaning kept.

A logistic model over what the checks give: one weight a signal, one constant, and one correction a language. It was
fitted on rows that were read one by one (``pipelines/quality``); its numbers stand in ``calibration.json``, with how
well it did on clips that it had not seen. A language or engine that nobody marked gets the same weights without a
correction, and is called uncalibrated.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..errors import WorkspaceError, shown
from ..files import Record, read_json
from .check import CHECKS, Findings, Scores, checks_version
from .settings import Checks

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]
QUALITY_CHECK = "quality"  # its name among the verdicts
SIGNALS = ("misses", "unsteady", "repeated", "coverage", "added")  # the checks whose scores enter
ENOUGH_ROWS = 5000  # that a build needs to be calibrated
MOSTLY = 0.9  # of a language's rows that have to be calibrated, for figures of all of them
VERSION = 2  # raise with any change to which rows min_quality refuses, or to the figures of quality
CALIBRATION_FILE = "calibration.json"  # of a build whose marks were fitted
MOST_STEPS = 100  # of Newton's method; it takes ten


class Calibration(Record):
    """Weights of the signals, by name, and what is added for a language; larger sums mean worse rows.

    ``engines`` are those whose rows were marked.
    """

    constant: float
    weights: dict[str, float]
    languages: dict[str, float]
    engines: tuple[str, ...]

    def known(self, lang: str, engines: Sequence[str | None], rows: int) -> Mask:
        """Of each row, by its engine, whether marks of the language and engine stand behind its quality.

        There are none in a build of few ``rows``: its alignment knows too few words, and even sound translations look
        worse by it.
        """
        enough = lang in self.languages and rows >= ENOUGH_ROWS
        return np.array([enough and engine in self.engines for engine in engines], np.bool_)

    def sceptical(self) -> "Calibration":
        """One by which nothing speaks for a row: what a rival could win by is left out where rivals are compared."""
        return self.model_copy(update={"weights": {name: max(0.0, value) for name, value in self.weights.items()}})

    def score(self, found: Mapping[str, Findings], lang: str) -> Numbers:
        """The log-odds that a row's meaning is not kept, by what the checks give it."""
        signals = signal_matrix(found, list(self.weights))
        odds: Numbers = self.constant + self.languages.get(lang, 0.0) + signals @ np.array(list(self.weights.values()))
        return odds

    def quality(self, found: Mapping[str, Findings], lang: str) -> Scores:
        """The probability that a row's meaning is kept."""
        quality: Scores = probability_kept(self.score(found, lang)).astype(np.float32)
        return quality


def probability_kept(odds: Numbers) -> Numbers:
    """Log-odds that the meaning is lost -> the probability that it is kept, without overflow where a fit is sure."""
    kept: Numbers = 1 / (1 + np.exp(np.clip(odds, -60, 60)))
    return kept


def mostly(known: Mask) -> bool:
    """Whether nearly all rows are calibrated, so that figures of all of them mean something."""
    return len(known) > 0 and float(known.mean()) >= MOSTLY


def row_quality(
    found: dict[str, Findings], lang: str, settings: Checks, calibration: Calibration, known: Mask
) -> Scores:
    """``quality`` of each row, 0 where a check refuses it; adds the finding of the check ``quality`` to what was found.

    ``nan`` where the alignment is switched off. Of rows that are not ``known`` (:meth:`Calibration.known`),
    ``min_quality`` refuses none unless the settings ask for that.
    """
    refused = [findings for name, findings in found.items() if severity_of(name) == "reject"]
    if not settings.alignment:
        return np.full(len(next(iter(found.values())).scores), np.nan, np.float32)
    quality = calibration.quality(found, lang)
    for findings in refused:
        quality[findings.scores > findings.shown] = 0
    poor = (quality > 0) & (quality < (settings.min_quality or 0)) & (known | settings.uncalibrated)
    found[QUALITY_CHECK] = Findings(
        np.where(poor, 1 - quality, 0).astype(np.float32),
        lambda row: f"the meaning is kept with probability {quality[row]:.2f}",
    )
    return quality


def severity_of(name: str) -> str:
    """``reject`` or ``signal``, of a check or of the threshold of quality."""
    return "reject" if name == QUALITY_CHECK else CHECKS.find(name).severity


@cache
def shipped() -> Calibration:
    """The one that ships."""
    text = resources.files("multiyoucook2").joinpath("quality/calibration.json").read_text(encoding="utf-8")
    return Calibration.model_validate_json(text)


def calibration_of(build: Path) -> Calibration:
    """The one of a build folder, if readers' marks were fitted there, or else the one that ships.

    Raises:
        WorkspaceError: its file is damaged, or fits other signals than these.
    """
    path = build / CALIBRATION_FILE
    try:
        found = read_json(path, Calibration, hint=f"remove {CALIBRATION_FILE}, or fit it again with --calibrate")
    except FileNotFoundError:
        return shipped()
    if set(found.weights) != set(SIGNALS):
        raise WorkspaceError(
            f"{shown(path)} was fitted by another version", hint="remove it, and fit it again with --calibrate"
        )
    return found


def judging_version(calibration: Calibration) -> dict[str, int]:
    """What verdicts and qualities depend on beside rows and settings: each check's version, and the calibration."""
    return checks_version() | {"calibration": crc32(calibration.model_dump_json().encode())}


def signal_matrix(found: Mapping[str, Findings], names: Sequence[str]) -> Numbers:
    """Scores of the checks as the model takes them, (rows, signals): their square roots."""
    return np.stack([np.sqrt(found[name].scores.astype(np.float64)) for name in names], 1)


def fit(
    signals: Numbers, wrong: Numbers, languages: Sequence[str], weight: Numbers, known: Numbers | float = 0.0
) -> tuple[float, Numbers, dict[str, float]]:
    """Constant, weights and corrections a language, by Newton's method on the penalised likelihood.

    Args:
        signals: (rows, signals), as ``signal_matrix`` gives them.
        wrong: 1 where the meaning is not kept, else 0.
        languages: of each row.
        weight: how much each row counts.
        known: what is added to each row's log-odds beforehand.
    """
    codes = sorted(set(languages))
    which = np.array([codes.index(lang) for lang in languages])
    scale = signals.std(0) + 1e-9
    design = np.concatenate([np.ones((len(signals), 1)), signals / scale, np.eye(len(codes))[which]], 1)
    penalty = np.array([1e-6] + [1.0] * signals.shape[1] + [3.0] * len(codes))
    solution = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(known + design @ solution, -30, 30)))  # no overflow
        gradient = design.T @ (weight * (probability - wrong)) + penalty * solution
        curvature = (design * (weight * probability * (1 - probability))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        step /= max(1.0, np.abs(step).max())  # far from the solution Newton's steps lead astray
        solution -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = solution[1 : 1 + signals.shape[1]] / scale
    return float(solution[0]), weights, dict(zip(codes, solution[1 + signals.shape[1] :].tolist(), strict=True))
