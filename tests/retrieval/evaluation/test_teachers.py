"""Agreement and sharpness of teachers, by hand."""

import math

import pytest
import torch

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
    assert [round(one.rank_correlation) for one in found] == [1, -1, -1]
