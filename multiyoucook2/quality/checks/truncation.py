"""Points at translations that are short for captions of their length."""

from collections.abc import Sequence

import numpy as np

from ...text.alignment import Floats
from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 3.0  # spreads below the median
SMOOTHING = 4  # characters added to both sides, so that a ratio of two words says little
BAND = 10  # characters of a caption; what is usual is looked up in bands of so many
ENOUGH = 30  # rows of a band, or the whole batch tells what is usual


def truncation(batch: Batch, context: Context) -> Findings:
    """How many robust standard deviations the length is below that of other translations of captions as long."""
    peers = context.peers
    if not peers:
        return Findings.of(len(batch), {})
    bands, ratios = _bands([caption for caption, _ in peers]), _ratios(peers)
    usual, spread = {-1: float(np.median(ratios))}, _spread(ratios)
    for band in np.unique(bands):
        if (of_band := ratios[bands == band]).size >= ENOUGH:
            usual[int(band)] = float(np.median(of_band))
    expected = np.array([usual.get(int(band), usual[-1]) for band in _bands(batch.captions)], np.float32)
    short = np.clip((expected - _ratios(batch.pairs)) / spread, 0, None).astype(np.float32)

    def reason(row: int) -> str:
        return f"{len(batch.texts[row])} characters for a caption of {len(batch.captions[row])}"

    return Findings(short, reason, SHOWN)


def _bands(captions: Sequence[str]) -> Floats:
    return np.array([len(caption) // BAND for caption in captions], np.float32)


def _ratios(pairs: Sequence[tuple[str, str]]) -> Floats:
    """Logarithms of the lengths' ratios."""
    lengths = np.array([(len(caption), len(text)) for caption, text in pairs], np.float32).reshape(-1, 2) + SMOOTHING
    logs: Floats = np.log(lengths[:, 1] / lengths[:, 0]).astype(np.float32)
    return logs


def _spread(ratios: Floats) -> float:
    return max(0.05, 1.4826 * float(np.median(np.abs(ratios - np.median(ratios)))))


CHECKS.add(Check("truncation", 1, "signal", truncation))
