"""Retrieval scores against hand-worked tables and a slow oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2 import __version__
from multiyoucook2.retrieval.evaluation.scores import RetrievalScore, retrieval_score, score_ranks


def slow_rank(scores: list[float], relevant: set[int], samples: int = 4000) -> float:
    """The mean rank of the first relevant candidate over random orders of equal scores: obvious, and slow."""
    random, total = np.random.default_rng(0), 0
    for _ in range(samples):
        order = sorted(range(len(scores)), key=lambda c: (-scores[c], random.random()))
        total += 1 + next(place for place, candidate in enumerate(order) if candidate in relevant)
    return total / samples


TABLE = [
    #   matrix                          ranks        why
    ([[9, 1, 1], [1, 9, 1], [1, 1, 9]], [1, 1, 1]),  # perfect
    ([[1, 9, 9], [9, 1, 9], [9, 9, 1]], [3, 3, 3]),  # worst
    ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], [2, 2, 2]),  # constant: the mean rank, no R@1 of 100
    ([[-1, -2, -3], [-1, -2, -3], [-1, -2, -3]], [1, 2, 3]),  # negative scores are scores
    ([[5, 5, 1], [5, 5, 1], [1, 1, 1]], [1.5, 1.5, 2]),  # ties share their mean rank
    ([[1, 2, 3], [3, 2, 1], [2, 3, 1]], [3, 2, 3]),
]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize(("matrix", "ranks"), TABLE)
def test_ranks_by_hand(matrix: list[list[int]], ranks: list[float], dtype: torch.dtype) -> None:
    score = retrieval_score(torch.tensor(matrix, dtype=dtype))
    assert score.ranks_Q.tolist() == ranks
    assert score.recall_at_1 == pytest.approx(100 * sum(rank <= 1 for rank in ranks) / 3)
    assert score.recall_at_5 == score.recall_at_10 == 100
    assert score.median_rank == np.median(ranks)
    assert score.mean_rank == pytest.approx(np.mean(ranks))


def test_a_constant_matrix_scores_at_chance() -> None:
    for value in (0.0, 1.0, -1.0):
        score = retrieval_score(np.full((100, 100), value))
        assert (score.recall_at_1, score.recall_at_10, score.median_rank) == (0, 0, 50.5)


def test_recall_levels_and_means_by_hand() -> None:
    score = score_ranks(np.array([1.0, 2, 5, 6, 10, 11, 100, 1]), pool=100)
    assert (score.recall_at_1, score.recall_at_5, score.recall_at_10) == (25, 50, 75)
    assert (score.median_rank, score.mean_rank) == (5.5, 17)
    assert score.geometric_mean == pytest.approx((25 * 50 * 75) ** (1 / 3))
    assert score_ranks(np.array([50.0]), pool=100).geometric_mean == 0


def test_absent_clips_are_misses() -> None:
    score = retrieval_score(np.eye(3), pool=4)
    assert (score.recall_at_1, score.queries, score.missing) == (75, 4, 1)
    assert score.mean_rank == (1 + 1 + 1 + 4) / 4
    assert "pool:4|missing:1|" in score.signature
    # listing the absent query oneself comes to the same
    listed = retrieval_score(np.eye(3)[[0, 1, 2, 0]], relevant=[0, 1, 2, -1], pool=4)
    assert listed == score
    # a miss is no hit, even in a pool of fewer than ten
    assert score_ranks(np.array([np.inf]), pool=3).recall_at_10 == 0


def test_a_query_without_a_text_is_left_out() -> None:
    assert score_ranks(np.array([1, np.nan, 3]), pool=3).ranks_Q.tolist() == [1, 3]


def test_relevant_as_indices() -> None:
    sim = np.array([[1.0, 2, 3, 4], [4, 3, 2, 1]])
    assert retrieval_score(sim, relevant=[3, 0]).ranks_Q.tolist() == [1, 1]
    assert retrieval_score(sim, relevant=torch.tensor([0, 2])).ranks_Q.tolist() == [4, 3]
    assert retrieval_score(sim, relevant=np.array([1, 1])).pool == 4


def test_several_relevant_candidates_rank_by_the_best() -> None:
    sim = np.array([[1.0, 2, 3, 4], [5, 5, 5, 1], [0, 0, 0, 0]])
    relevant = [[0, 2], [0, 1], [3]]
    score = retrieval_score(sim, relevant=relevant)
    # query 1: one other among three tied, two of which are relevant: it comes first in a third of the orders
    assert score.ranks_Q == pytest.approx([2, 1 + 1 / 3, 2.5])
    assert "relevant:several" in score.signature
    mask = torch.zeros(3, 4, dtype=torch.bool)
    for row, columns in enumerate(relevant):
        mask[row, columns] = True
    assert retrieval_score(torch.tensor(sim), relevant=mask).ranks_Q == pytest.approx(score.ranks_Q)
    assert retrieval_score(sim, relevant=[[0], [], [1]]).missing == 1


@given(
    scores=st.lists(st.lists(st.integers(-2, 2), min_size=4, max_size=4), min_size=1, max_size=3),
    relevant=st.sets(st.integers(0, 3), min_size=1),
)
def test_ranks_agree_with_random_orders(scores: list[list[int]], relevant: set[int]) -> None:
    found = retrieval_score(torch.tensor(scores), relevant=[sorted(relevant)] * len(scores))
    for row, rank in zip(scores, found.ranks_Q, strict=True):
        assert rank == pytest.approx(slow_rank(row, relevant, 1000), abs=0.25)
    if len(relevant) == 1:
        one = retrieval_score(torch.tensor(scores), relevant=[*relevant] * len(scores))
        assert one.ranks_Q == pytest.approx(found.ranks_Q)


@given(st.integers(1, 30), st.integers(0, 1000))
def test_scaling_scores_or_shuffling_candidates_changes_nothing(size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sim = random.integers(-5, 6, (size, size)).astype(float)
    base = retrieval_score(sim)
    assert retrieval_score(3 * sim - 7) == base
    order = random.permutation(size)
    assert retrieval_score(sim[:, order], relevant=np.argsort(order)) == base


def test_infinite_scores_have_an_order_nan_has_none() -> None:
    assert retrieval_score(np.array([[np.inf, -np.inf], [0.0, -np.inf]])).ranks_Q.tolist() == [1, 2]
    with pytest.raises(ValueError, match="NaN, first in row 1, column 0"):
        retrieval_score(torch.tensor([[1.0, 0], [torch.nan, 0]]))


@pytest.mark.parametrize(
    ("sim", "arguments", "message"),
    [
        (np.zeros((2, 3)), {}, "square"),
        (np.zeros(3), {}, r"\[Q, C\]"),
        (np.zeros((0, 0)), {}, r"\[Q, C\]"),
        (np.eye(3), {"pool": 2}, "fewer than the 3"),
        (np.eye(2), {"relevant": [0, 2]}, r"-1\.\.1"),
        (np.eye(2), {"relevant": [-2, 0]}, r"-1\.\.1"),
        (np.eye(2), {"relevant": [0]}, r"must be \[2\]"),
        (np.eye(2), {"relevant": [[0], [2]]}, "query 1 is outside"),
        (np.eye(2), {"relevant": [[0]]}, "1 rows for 2 queries"),
        (np.eye(2), {"relevant": np.eye(2)}, "boolean"),
        (np.eye(2), {"labels": {"lang": "de|en"}}, "signature"),
    ],
)
def test_impossible_arguments(sim: np.ndarray, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        retrieval_score(sim, **arguments)


def test_ranks_must_be_within_the_pool() -> None:
    for ranks in ([0.5], [4.0]):
        with pytest.raises(ValueError, match="within"):
            score_ranks(np.array(ranks), pool=3)
    with pytest.raises(ValueError, match="no query"):
        score_ranks(np.array([np.nan]), pool=3)


def test_the_signature_says_what_changes_the_number() -> None:
    labels = {"feat": "s3d", "data": "multi-youcook2@1a2b", "lang": "de", "task": "v2t", "model": "labse"}
    expected = f"R@K|task:v2t|lang:de|data:multi-youcook2@1a2b|pool:2|ties:mean|feat:s3d|model:labse|v:{__version__}"
    score = retrieval_score(np.eye(2), labels=labels)
    assert score.signature == expected
    assert str(score) == f"R@1 100.0 R@5 100.0 R@10 100.0 MdR 1 MnR 1.0 {expected}"
    assert retrieval_score(np.eye(2)).signature == f"R@K|task:t2v|pool:2|ties:mean|v:{__version__}"


def test_a_label_cannot_overrule_what_was_done() -> None:
    labels = {"pool": "9", "ties": "best", "v": "7"}
    assert retrieval_score(np.eye(2), labels=labels).signature == retrieval_score(np.eye(2)).signature


def test_the_dict_is_what_json_keeps() -> None:
    score = retrieval_score(np.eye(2))
    assert isinstance(score, RetrievalScore)
    assert score.to_dict() == {
        "recall_at_1": 100.0, "recall_at_5": 100.0, "recall_at_10": 100.0, "geometric_mean": pytest.approx(100),
        "median_rank": 1.0, "mean_rank": 1.0, "queries": 2, "pool": 2, "missing": 0, "signature": score.signature,
    }  # fmt: skip
