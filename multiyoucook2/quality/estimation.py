"""A row's ``quality``: the probability, 0 to 1, that a careful reader finds the caption's meaning kept.

A logistic model over what the checks give: one weight a signal, one constant, and one correction a language. It was
fitted on rows that were read one by one (``pipelines/quality``); its numbers stand in ``calibration.json``, with how
well it did on clips that it had not seen. A language or engine that nobody marked gets the same weights without a
correction, and is called uncalibrated.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .check import CHECKS, Findings, Scores, checks_version
from .settings import Checks

Numbers = NDArray[np.float64]
QUALITY_CHECK = "quality"  # its name among the verdicts
SIGNALS = ("misses", "unsteady", "repeated")  # the checks whose scores enter
MOST_STEPS = 30  # of Newton's method; it takes five


@dataclass(frozen=True)
class Calibration:
    """Weights of the signals, by name, and what is subtracted for a language; larger scores mean worse rows."""

    constant: float
    weights: Mapping[str, float]
    languages: Mapping[str, float]
    engines: Sequence[str]

    def knows(self, lang: str, engines: Iterable[str]) -> bool:
        """Whether rows of the language and of all the engines were marked."""
        return lang in self.languages and set(engines) <= set(self.engines)

    def quality(self, found: Mapping[str, Findings], lang: str) -> Scores:
        """The probability that a row's meaning is kept, by what the checks give it."""
        signals = signal_matrix(found, list(self.weights))
        wrong = self.constant + self.languages.get(lang, 0.0) + signals @ np.array(list(self.weights.values()))
        quality: Scores = (1 / (1 + np.exp(wrong))).astype(np.float32)
        return quality


def row_quality(found: dict[str, Findings], lang: str, settings: Checks) -> Scores:
    """``quality`` of each row, 0 where a check refuses it; adds the finding of the check ``quality`` to what was found.

    ``nan`` where the alignment is switched off.
    """
    refused = [findings for name, findings in found.items() if severity_of(name) == "reject"]
    if not settings.alignment:
        return np.full(len(next(iter(found.values())).scores), np.nan, np.float32)
    quality = calibration().quality(found, lang)
    for findings in refused:
        quality[findings.scores > findings.shown] = 0
    least = settings.min_quality
    scores = (
        np.where((quality > 0) & (quality < least), 1 - quality, 0) if least is not None else np.zeros_like(quality)
    )
    found[QUALITY_CHECK] = Findings(
        scores.astype(np.float32), lambda row: f"the meaning is kept with probability {quality[row]:.2f}"
    )
    return quality


def severity_of(name: str) -> str:
    """``reject`` or ``signal``, of a check or of the threshold of quality."""
    return "reject" if name == QUALITY_CHECK else CHECKS.find(name).severity


@cache
def calibration() -> Calibration:
    """The one that ships."""
    values: dict[str, Any] = json.loads(_calibration_text())
    return Calibration(values["constant"], values["weights"], values["languages"], values["engines"])


def judging_version() -> dict[str, int]:
    """What verdicts and qualities depend on beside rows and settings: each check's version, and the calibration."""
    return checks_version() | {"calibration": crc32(_calibration_text().encode())}


def _calibration_text() -> str:
    return resources.files("multiyoucook2").joinpath("quality/calibration.json").read_text(encoding="utf-8")


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
        probability = 1 / (1 + np.exp(-(known + design @ solution)))
        gradient = design.T @ (weight * (probability - wrong)) + penalty * solution
        curvature = (design * (weight * probability * (1 - probability))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        solution -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = solution[1 : 1 + signals.shape[1]] / scale
    return float(solution[0]), weights, dict(zip(codes, solution[1 + signals.shape[1] :].tolist(), strict=True))
