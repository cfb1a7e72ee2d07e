"""Refuses what the engine itself was unsure of."""

import math

import numpy as np

from ..check import CHECKS, Batch, Check, Context, Findings


def min_score(batch: Batch, context: Context) -> Findings:
    """The engine's mean log-probability an output token, its sign turned, is above that of the threshold."""
    least = context.settings.min_score
    return Findings(
        np.nan_to_num(np.clip(-batch.scores, 0, None), nan=0.0),
        lambda row: f"the engine's score is {batch.scores[row]:.2f}",
        math.inf if least is None else -least,
    )


CHECKS.add(Check("min_score", 1, "reject", min_score))
