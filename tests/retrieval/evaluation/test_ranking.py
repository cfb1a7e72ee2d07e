"""Chunked ranks against the full matrix."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.retrieval.evaluation.ranking import rank_both_ways, rank_embeddings
from multiyoucook2.retrieval.evaluation.scores import retrieval_score
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity


@given(
    queries=st.integers(1, 12),
    candidates=st.integers(1, 25),
    chunks=st.tuples(st.integers(1, 13), st.integers(1, 26)),
    seed=st.integers(0, 500),
)
def test_chunks_change_nothing(queries: int, candidates: int, chunks: tuple[int, int], seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    # coarse values in float64, so that there are ties in plenty and they are exact
    query = torch.randint(-1, 2, (queries, 3), generator=random).double()
    candidate = torch.randint(-1, 2, (candidates, 3), generator=random).double()
    answers = torch.randint(-1, candidates, (queries,), generator=random)
    found = rank_embeddings(query, candidate, answers, query_chunk=chunks[0], candidate_chunk=chunks[1])
    full = retrieval_score(cosine_similarity(query, candidate).mul(1e9).round(), relevant=answers, pool=candidates)
    assert sorted(found[np.isfinite(found)]) == pytest.approx(sorted(full.ranks_Q[: queries - full.missing]))
    assert np.isinf(found).tolist() == (answers < 0).tolist()
    lists = [[int(a)] if a >= 0 else [] for a in answers]
    assert rank_embeddings(query, candidate, lists, query_chunk=chunks[0]) == pytest.approx(found)


def test_equal_embeddings_tie_whatever_the_rounding() -> None:
    one = torch.randn(1, 256)
    ranks = rank_embeddings(one.repeat(7, 1), one.repeat(1001, 1), [0, 1, 500, 999, 1000, 3, 4], candidate_chunk=97)
    assert ranks.tolist() == [501.0] * 7


def test_several_answers_rank_by_the_best_as_in_the_full_matrix() -> None:
    query, candidate = torch.randn(9, 4).double(), torch.randn(30, 4).double()
    candidate[10] = candidate[20]
    answers = [[i, i + 10, 29] for i in range(8)] + [[]]
    found = rank_embeddings(query, candidate, answers, query_chunk=4, candidate_chunk=7)
    full = retrieval_score(cosine_similarity(query, candidate), relevant=answers)
    assert sorted(found) == pytest.approx([*sorted(full.ranks_Q[:-1]), np.inf])


def test_half_precision_is_widened() -> None:
    query, candidate = torch.randn(20, 8).half(), torch.randn(50, 8).half()
    answers = list(range(20))
    assert (
        rank_embeddings(query, candidate, answers).tolist()
        == rank_embeddings(query.float(), candidate.float(), answers).tolist()
    )


def test_bad_input() -> None:
    x = torch.randn(3, 4)
    with pytest.raises(ValueError, match="NaN or infinity, first in row 0"):
        rank_embeddings(x, torch.full((3, 4), torch.nan), [0, 1, 2])
    with pytest.raises(ValueError, match=r"\[3, 4\], \[3, 5\]"):
        rank_embeddings(x, torch.randn(3, 5), [0, 1, 2])
    for answers in ([0, 1, 3], [[0], [1], [-1]], [-2, 0, 0]):
        with pytest.raises(ValueError, match=r"outside the candidates 0\.\.2"):
            rank_embeddings(x, x, answers)
    with pytest.raises(ValueError, match="2 answers for 3 queries"):
        rank_embeddings(x, x, [0, 1])


def test_both_ways_over_a_pool_with_gaps() -> None:
    # clips 0..4; clip 1 has no features, clip 3 no text; each text is nearest to its own video
    basis = torch.eye(5)
    text_row, video_row = np.array([0, 1, 2, -1, 3]), np.array([0, -1, 1, 2, 3])
    text, video = basis[[0, 1, 2, 4]], basis[[0, 2, 3, 4]]
    t2v, v2t = rank_both_ways(text, text_row, video, video_row)
    np.testing.assert_array_equal(t2v, [1, np.inf, 1, np.nan, 1])
    np.testing.assert_array_equal(v2t, [1, np.inf, 1, np.nan, 1])


def test_both_ways_equal_the_matrix_and_its_transpose() -> None:
    text, video, rows = torch.randn(40, 6), torch.randn(40, 6), np.arange(40)
    sim = cosine_similarity(text, video)
    t2v, v2t = rank_both_ways(text, rows, video, rows, query_chunk=7, candidate_chunk=11)
    assert t2v.tolist() == retrieval_score(sim).ranks_Q.tolist()
    assert v2t.tolist() == retrieval_score(sim.T).ranks_Q.tolist()


def test_equal_captions_answer_one_another_if_asked() -> None:
    text, rows = torch.eye(3), np.arange(3)
    video = torch.eye(3)[[1, 0, 2]]  # the videos of clips 0 and 1 are swapped
    t2v, _ = rank_both_ways(text, rows, video, rows)
    assert t2v.tolist() == [2.5, 2.5, 1]
    t2v, v2t = rank_both_ways(text, rows, video, rows, captions_P=["stir", "stir", "chop"])
    assert t2v.tolist() == v2t.tolist() == [1, 1, 1]


def test_a_pool_without_any_features_is_all_misses() -> None:
    t2v, v2t = rank_both_ways(torch.eye(2), np.array([0, 1]), torch.zeros(0, 2), np.array([-1, -1]))
    assert t2v.tolist() == v2t.tolist() == [np.inf, np.inf]
