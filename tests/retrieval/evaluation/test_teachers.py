"""Agreement and sharpness of teachers, by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from multiyoucook2.retrieval.evaluation.teachers import agreements, rank_correlation, target_entropy, top_overlap

SIMS = torch.tensor([[0.9, 0.5, 0.1], [0.2, 0.8, 0.4], [0.3, 0.6, 0.7]])


def test_rank_correlation_by_hand() -> None:
    assert rank_correlation(SIMS, 3 * SIMS + 1) == pytest.approx(1)  # scale does not matter
    assert rank_correlation(SIMS, -SIMS) == pytest.approx(-1)
    # row 1: 3 2 1 against 3 1 2: 1 - 6 * 2 / (3 * 8) = 0.5; the other rows agree
    other = SIMS.clone()
    other[0] = torch.tensor([0.9, 0.1, 0.5])
    assert rank_correlation(SIMS, other) == pytest.approx((0.5 + 1 + 1) / 3)


def test_overlap_of_the_top() -> None:
    other = SIMS.clone()
    other[0] = torch.tensor([0.9, 0.1, 0.5])
    assert top_overlap(SIMS, other, top=1) == 1
    assert top_overlap(SIMS, other, top=2) == pytest.approx((0.5 + 1 + 1) / 3)
    assert top_overlap(SIMS, other) == 1  # of three videos all are in the top ten


def test_ties_share_the_mean_of_their_ranks() -> None:
    """By the formula for ties: ranks 2.5, 2.5, 1 against 3, 1, 2, and against themselves."""
    tied, other = torch.tensor([[0.5, 0.5, 0.1]]), torch.tensor([[0.9, 0.1, 0.4]])
    by_hand = (0.5 * 1 + 0.5 * -1 + -1 * 0) / math.sqrt((0.25 + 0.25 + 1) * 2)
    assert rank_correlation(tied, other) == pytest.approx(by_hand)
    assert rank_correlation(tied, tied) == pytest.approx(1)
    order = torch.tensor([2, 0, 1])
    assert rank_correlation(tied[:, order], other[:, order]) == pytest.approx(by_hand)  # wherever the videos stand


def test_a_collapsed_teacher_agrees_with_nobody() -> None:
    flat = torch.full((4, 30), 0.7)
    rising = torch.arange(30.0).expand(4, 30) / 30
    assert math.isnan(rank_correlation(flat, flat))
    assert math.isnan(rank_correlation(flat, rising))
    assert top_overlap(flat, rising) == pytest.approx(10 / 30)  # as by chance
    (found,) = agreements({"flat": flat + 1e-8 * torch.rand(4, 30), "rising": rising})  # rounding makes no order
    assert (found.rank_correlation, found.top_overlap, found.left_out) == (None, None, 4)
    half = torch.cat([flat[:1], rising[:3]])
    (found,) = agreements({"half": half, "rising": rising})
    assert (found.rank_correlation, found.top_overlap, found.left_out) == (pytest.approx(1), 1, 1)


@settings(max_examples=12)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_overlap_is_the_mean_over_lots(seed: int, top: int) -> None:
    """Against lots that are drawn: few distinct cosines, so that most top places are tied."""
    random = np.random.default_rng(seed)
    one, other = (torch.from_numpy(random.integers(0, 3, (1, 6)).astype(np.float32)) for _ in range(2))
    shares = []
    for _ in range(600):
        firsts = [set(np.lexsort((random.random(6), -sim.numpy()[0]))[:top].tolist()) for sim in (one, other)]
        shares.append(len(firsts[0] & firsts[1]) / top)
    assert top_overlap(one, other, top=top) == pytest.approx(np.mean(shares), abs=0.1)


def test_entropy_of_targets() -> None:
    flat = torch.zeros(3, 3)
    assert target_entropy([flat], reduce="max", temperature=0.1) == pytest.approx(math.log(3))
    assert target_entropy([torch.eye(3)], reduce="max", temperature=0.001) == pytest.approx(0)
    two = torch.tensor([[0.0, math.log(3.0)], [math.log(3.0), 0.0]])
    by_hand = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert target_entropy([two, two - 1], reduce="max", temperature=1.0) == pytest.approx(by_hand)


def test_every_two_are_compared() -> None:
    found = agreements({"a": SIMS, "b": SIMS, "c": -SIMS})
    assert [(one.one, one.other) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [one.rank_correlation for one in found] == pytest.approx([1, -1, -1])
    assert [one.left_out for one in found] == [0, 0, 0]
