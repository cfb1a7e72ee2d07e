"""Bootstrap intervals over queries, plain and paired: clips are drawn with replacement, all their languages at once."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RECALL_LEVELS = (1, 5, 10)
_BLOCK = 1 << 23  # counts held at once


def hits(ranks_CL: Array, level: int) -> Array:
    """Ranks -> 100 where the rank is within ``level``, else 0; NaN (no such query) stays. A miss is ``inf``."""
    ranks_CL = np.asarray(ranks_CL, dtype=np.float64)
    return np.where(np.isnan(ranks_CL), np.nan, 100.0 * (ranks_CL <= level))


def resampled_means(values_CM: Array, *, resamples: int, seed: int, weights_CM: Array | None = None) -> Array:
    """Means of each column over ``resamples`` draws of the rows with replacement: [C, M] -> [R, M].

    NaN entries do not count. With ``weights_CM`` an entry counts so many times, e.g. as a clip has queries. The same
    ``C``, ``resamples`` and ``seed`` draw the same rows, so that differences between two calls are paired.
    """
    values_CM = np.asarray(values_CM, dtype=np.float64)
    if values_CM.ndim != 2 or not len(values_CM):
        raise ValueError(f"values must have shape [C, M] with C >= 1, not {list(values_CM.shape)}")
    known_CM = ~np.isnan(values_CM)
    weights_CM = known_CM.astype(np.float64) if weights_CM is None else known_CM * weights_CM
    filled_CM = np.where(known_CM, values_CM, 0.0) * weights_CM
    means = []
    for counts_RC in _counts(len(values_CM), resamples, seed):
        with np.errstate(invalid="ignore"):  # a draw without any known entry gives NaN
            means.append((counts_RC @ filled_CM) / (counts_RC @ weights_CM))
    return np.concatenate(means)


def hierarchical_draws(values_SCM: Array, *, resamples: int, seed: int, weights_SCM: Array | None = None) -> Array:
    """Means of each column over draws of S replicates (seeds of a training), and of the C rows: -> [R, S, M].

    In a draw, S of the replicates are drawn with replacement, and rows, the same for all of them; the mean over axis 1
    is the draw's figure. ``seed`` pairs the draws of two calls, as in :func:`resampled_means`.
    """
    replicates = len(values_SCM)
    drawn_SRM = np.stack(
        [
            resampled_means(
                values_CM, resamples=resamples, seed=seed, weights_CM=None if weights_SCM is None else weights_SCM[one]
            )
            for one, values_CM in enumerate(values_SCM)
        ]
    )
    chosen_RS = np.random.default_rng(seed).integers(0, replicates, (resamples, replicates))
    drawn_RSM: Array = drawn_SRM[chosen_RS, np.arange(resamples)[:, None]]
    return drawn_RSM


def interval(values_R: Array, *, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval that holds ``level`` of the values; NaNs are left out."""
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(values_R, [tail, 100 - tail])
    return float(low), float(high)


def two_sided_p(differences_R: Array) -> float:
    """Twice the share of draws on the rarer side of zero (zeros count for both), at most 1, never below 1 / R."""
    differences_R = np.asarray(differences_R)
    share = min((differences_R <= 0).mean(), (differences_R >= 0).mean())
    return float(min(1.0, max(2 * share, 1 / len(differences_R))))


def _counts(rows: int, resamples: int, seed: int) -> Iterator[Array]:
    """How often each draw of ``rows`` has each row: [r, rows] in blocks, ``resamples`` rows in all."""
    random = np.random.default_rng([seed, rows, resamples])
    block = max(1, _BLOCK // rows)
    for first in range(0, resamples, block):
        size = min(block, resamples - first)
        drawn = random.integers(0, rows, (size, rows)) + np.arange(size)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float64)
