"""Rows by their quality: the edges belong to the bin above them, and 1 to the last."""

import math

import numpy as np

from pipelines.quality.by_quality import binned


def test_bins_by_hand() -> None:
    quality = np.array([0.0, 0.2, 0.25, 0.5, 0.6, 1.0])
    scores = np.array([10.0, 20.0, 30.0, 40.0, 60.0, 90.0])
    first, second, third, last = binned(quality, scores)
    assert (first, second, third, last) == ((2, 15.0), (1, 30.0), (2, 50.0), (1, 90.0))
    (rows, mean), *_ = binned(quality[3:], scores[3:])
    assert rows == 0
    assert math.isnan(mean)
