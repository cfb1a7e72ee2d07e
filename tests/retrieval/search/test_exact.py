"""Exact search against a sort of everything, for both backends; ties, filters, blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiyoucook2.retrieval.search import exact
from multiyoucook2.retrieval.search.exact import top_k

BACKENDS = ("numpy", "numkong")


def unit_rows(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def everything_sorted(vectors, query_QE, k, rows=None):  # type: ignore[no-untyped-def]
    """The oracle: all inner products in float64, sorted by score and row."""
    scores_QN = query_QE.astype(np.float64) @ vectors.astype(np.float64).T
    chosen = np.arange(len(vectors)) if rows is None else rows
    order = [sorted(chosen.tolist(), key=lambda row: (-scores[row], row))[:k] for scores in scores_QN]
    return np.array(order), np.array([scores[found] for scores, found in zip(scores_QN, order, strict=True)])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("k", [1, 7, 500])
def test_as_a_full_sort(backend: exact.Backend, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "FIRST", 32)
    monkeypatch.setattr(exact, "BLOCK", 64)
    vectors, queries = unit_rows(300, 32, 0), unit_rows(5, 32, 1)
    rows, scores = top_k(vectors, queries, k, backend=backend)
    wanted_rows, wanted_scores = everything_sorted(vectors, queries, k)
    assert rows.tolist() == wanted_rows.tolist()
    assert np.allclose(scores, wanted_scores, atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ties_go_by_row(backend: exact.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one and two: the same vector four times, in several blocks."""
    monkeypatch.setattr(exact, "FIRST", 1)
    monkeypatch.setattr(exact, "BLOCK", 2)
    vectors = np.eye(4, dtype=np.float16)[[1, 0, 0, 1, 2, 0, 0]]
    rows, scores = top_k(vectors, np.eye(4, dtype=np.float16)[:1], 4, backend=backend)
    assert rows.tolist() == [[1, 2, 5, 6]]
    assert scores.tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_filters(backend: exact.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_GATHERED", 32)
    vectors, queries = unit_rows(300, 16, 2), unit_rows(3, 16, 3)
    rows = np.arange(5, 300, 3)
    found, _ = top_k(vectors, queries, 10, rows=rows, backend=backend)
    assert found.tolist() == everything_sorted(vectors, queries, 10, rows)[0].tolist()
    assert top_k(vectors, queries, 10, rows=rows[:4], backend=backend)[0].shape == (3, 4)
    assert top_k(vectors, queries, 10, rows=rows[:0], backend=backend)[0].shape == (3, 0)


@settings(max_examples=30)
@given(count=st.integers(1, 90), k=st.integers(1, 40), queries=st.integers(1, 4), seed=st.integers(0, 999))
def test_backends_agree(count: int, k: int, queries: int, seed: int) -> None:
    vectors, asked = unit_rows(count, 8, seed), unit_rows(queries, 8, seed + 1)
    one, other = (top_k(vectors, asked, k, backend=backend) for backend in BACKENDS)
    assert one[0].tolist() == other[0].tolist()
    assert one[1].tolist() == other[1].tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_queries_over_many_blocks(backend: exact.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some queries find better clips in every block, some in none after the first."""
    monkeypatch.setattr(exact, "FIRST", 10)
    monkeypatch.setattr(exact, "BLOCK", 50)
    monkeypatch.setattr(exact, "_MORE", 2)
    vectors = unit_rows(1000, 16, 4)
    queries = np.concatenate([vectors[:20], unit_rows(20, 16, 5), vectors[-20:]])
    rows, _ = top_k(vectors, queries, 5, backend=backend)
    assert rows.tolist() == everything_sorted(vectors, queries, 5)[0].tolist()


def test_shapes_are_checked() -> None:
    vectors = unit_rows(3, 4, 0)
    with pytest.raises(ValueError, match="do not fit"):
        top_k(vectors, unit_rows(1, 5, 0), 1)
    with pytest.raises(ValueError, match="do not fit"):
        top_k(vectors.astype(np.float32), vectors, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k is 0"):
        top_k(vectors, vectors, 0)
