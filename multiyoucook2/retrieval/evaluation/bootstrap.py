"""Bootstrap intervals over queries, plain and paired: clips are drawn with replacement, all their languages at once.

Over the seeds of a training too, they are hierarchical: :func:`replicate_draws`, then :func:`over_replicates`.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RECALL_LEVELS = (1, 5, 10)
_BLOCK = 1 << 23  # counts held at once

# 97.5% quantiles of Student's t with 1, 2, ... degrees of freedom; the last one serves for more, and is wide for them
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL = 1.96


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


def replicate_draws(values_SCM: Array, *, resamples: int, seed: int, weights_SCM: Array | None = None) -> Array:
    """:func:`resampled_means` of each of S replicates (seeds of a training): -> [S, R, M]; the same rows for all."""
    return np.stack(
        [
            resampled_means(
                values_CM, resamples=resamples, seed=seed, weights_CM=None if weights_SCM is None else weights_SCM[one]
            )
            for one, values_CM in enumerate(values_SCM)
        ]
    )


def over_replicates(value_SM: Array, drawn_SRM: Array, *, seed: int) -> Array:
    """What S replicates say of all that might have been trained: R draws of the mean figure, -> [R, M].

    A draw is the mean over the replicates of their figures under that draw of the rows, plus a deviation that stands
    for other replicates. Two or three values cannot be resampled for that: a bootstrap of them never leaves their
    range, its variance is ``(S - 1) / S`` of what it should be, and its percentiles are those of a known variance. The
    usual remedy widens its interval by ``t / 1.96 * sqrt(S / (S - 1))`` (T. Hesterberg, What teachers should know about
    the bootstrap, The American Statistician 69, 2015: the expanded percentile interval); at S = 2 that still falls
    short, as the bootstrap has three values there. So this level is parametric. With ``g`` standard normal, ::

        t / 1.96 * sum_s g_s * (value_s - mean) / sqrt(S * (S - 1))

    is normal, of deviation ``t / 1.96 * sd / sqrt(S)``: ``sd`` is that of the replicates, ``t`` Student's 97.5%
    quantile with S - 1 degrees of freedom. Where the rows play no part, the 95% percentile interval is then Student's
    own, ``mean +- t * sd / sqrt(S)``, exact for normal figures. (Other levels than 95% are not meant.) The replicates'
    figures differ by their own clips' chance too, which so counts twice: intervals are rather too wide than too narrow.

    The sum is linear in the figures, and ``g`` depends on S, R and ``seed`` alone: the difference of two calls' draws
    is the draw of the pairs' differences. One replicate says nothing of others; its draws are those of the rows.

    Args:
        value_SM: the replicates' figures. drawn_SRM: the same under draws of the rows, see :func:`replicate_draws`.
    """
    replicates, resamples = drawn_SRM.shape[:2]
    mean_RM: Array = drawn_SRM.mean(0)
    if replicates == 1:
        return mean_RM
    normal_RS = np.random.default_rng(seed).standard_normal((resamples, replicates))
    widened = _T[min(replicates - 1, len(_T)) - 1] / _NORMAL / np.sqrt(replicates * (replicates - 1))
    deviation_RM: Array = widened * (normal_RS @ (value_SM - value_SM.mean(0)))
    return mean_RM + deviation_RM


def interval(values_R: Array, *, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval that holds ``level`` of the values; NaNs are left out."""
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(values_R, [tail, 100 - tail])
    return float(low), float(high)


def two_sided_p(differences_R: Array) -> float:
    """Twice the share of draws on the rarer side of zero (zeros count for both), at most 1, never below 1 / R; NaNs are
    left out, as in :func:`interval`: draws that have no query of a language."""
    differences_R = np.asarray(differences_R)
    differences_R = differences_R[~np.isnan(differences_R)]
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
