"""Intervals over seeds and clips: how often they hold the truth, which is known where the trainings are simulated."""

import numpy as np
import pytest

from multiyoucook2.retrieval.evaluation.bootstrap import _T, Array, interval, over_replicates, replicate_draws
from multiyoucook2.retrieval.evaluation.table import Cell

TRIALS, CLIPS, RESAMPLES = 300, 60, 400


def drawn(hits_SC: Array, *, seed: int = 0, resamples: int = RESAMPLES) -> Array:
    drawn_SRM = replicate_draws(hits_SC[:, :, None], resamples=resamples, seed=seed)
    return over_replicates(hits_SC.mean(1)[:, None], drawn_SRM, seed=seed)[:, 0]


@pytest.mark.parametrize("shared", [True, False], ids=["clips-as-hard-for-all-seeds", "clips-of-their-own"])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(seeds: int, shared: bool) -> None:
    """Trainings that differ by some points of recall, about a truth of 50. Percentiles of drawn seeds held it in 67 to
    90% of the trials."""
    random, held = np.random.default_rng(seeds), 0
    for trial in range(TRIALS):
        recall_S = np.clip(random.normal(50, 12 if shared else 8, seeds), 0, 100)
        hardness_SC = random.random((1 if shared else seeds, CLIPS))
        hits_SC = 100.0 * (100 * hardness_SC < recall_S[:, None])
        low, high = interval(drawn(hits_SC, seed=trial))
        held += low <= 50 <= high
    assert held / TRIALS >= 0.92


@pytest.mark.parametrize("seeds", [2, 3, 5, 40])
def test_without_clips_the_interval_is_students(seeds: int) -> None:
    """It is wide enough, and no wider: every clip of a seed says the same, so the seeds alone are uncertain."""
    recall_S = np.random.default_rng(seeds).normal(50, 3, seeds)
    low, high = interval(drawn(np.tile(recall_S[:, None], (1, 4)), resamples=20_000))
    half = _T[min(seeds - 2, len(_T) - 1)] * recall_S.std(ddof=1) / np.sqrt(seeds)
    assert (low, high) == pytest.approx((recall_S.mean() - half, recall_S.mean() + half), abs=0.04 * half)


def test_the_quantiles_are_students() -> None:
    from scipy import stats  # type: ignore[import-untyped]

    assert np.allclose(_T, stats.t.ppf(0.975, range(1, len(_T) + 1)), atol=5e-4)


def test_one_seed_says_nothing_of_others() -> None:
    hits_SC = 100.0 * (np.random.default_rng(1).random((1, 30)) < 0.4)
    alone = replicate_draws(hits_SC[:, :, None], resamples=50, seed=3)[0, :, 0]
    assert (drawn(hits_SC, seed=3, resamples=50) == alone).all()


def test_differences_pair_seeds_and_clips() -> None:
    """Two systems that differ by 10 points under every seed and on every clip differ by 10 for certain."""
    hits_SC = np.random.default_rng(2).normal(50, 20, (3, 40))
    assert drawn(hits_SC + 10) - drawn(hits_SC) == pytest.approx(10)


def test_no_interval_reaches_beyond_what_a_figure_can_be() -> None:
    wide_R = np.linspace(-300, 300, 101)
    seeds_S = np.array([20.0, 60.0])
    cell = Cell.of(seeds_S, wide_R)
    assert (cell.value, cell.low, cell.high) == (40, 0, 100)
    gain = Cell.of(seeds_S, wide_R, least=-100)
    assert (gain.low, gain.high) == (-100, 100)
    assert np.isnan(Cell.of(seeds_S, np.full(5, np.nan)).low)
