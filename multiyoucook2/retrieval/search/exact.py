"""Exact nearest vectors by inner product: nothing is approximated, and there is no index that could go stale.

Two ways to the same answer: numpy in blocks, which needs nothing, is the oracle and the faster one for many queries at
once; and usearch (the extra ``search``), which reads float16 as it is, and is bound by the memory's bandwidth for few.
Both only propose rows; scores and order of what
is returned are computed here, the same for both: higher scores first, equal scores by row.
"""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

Backend = Literal["auto", "numpy", "usearch"]
Vectors = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Propose = Callable[[Vectors, Vectors, int], tuple[Rows, Scores]]

BLOCK = 16_384  # rows as float32 at a time: 32 MB at 512 dimensions
_GATHERED = 65_536  # rows of a filter that are copied at a time
_MANY = 16  # queries at once, from which matrix products are faster than reading float16 as it is
_MORE = 16  # proposed beyond k, as the two ways round differently


def top_k(
    vectors: Vectors, query_QE: Vectors, k: int, *, rows: Rows | None = None, backend: Backend = "auto"
) -> tuple[Rows, Scores]:
    """The k best rows for each query: rows [Q, k] and their inner products [Q, k].

    Args:
        vectors: [N, E] float16, memory-mapped or not, which is read once; query_QE: [Q, E] float16.
        rows: only these, rising. k is cut to their number.
        backend: ``auto`` is usearch where it is installed and the queries are few, else numpy.

    Raises:
        ValueError: shapes or types that do not fit, or k below 1.
    """
    if query_QE.ndim != 2 or query_QE.shape[1] != vectors.shape[1] or vectors.dtype != np.float16:
        raise ValueError(f"vectors {vectors.dtype} {list(vectors.shape)} and queries {list(query_QE.shape)} do not fit")
    if k < 1 or query_QE.dtype != np.float16:
        raise ValueError(f"k is {k}, and queries are {query_QE.dtype}")
    size = len(vectors) if rows is None else len(rows)
    k = min(k, size)
    proposed = [
        (found if rows is None else rows[first + found])
        for first, found in _proposals(vectors, query_QE, min(size, k + _MORE), rows, backend)
    ]
    if not proposed:
        return np.zeros((len(query_QE), 0), np.int64), np.zeros((len(query_QE), 0), np.float32)
    return _best(vectors, query_QE, np.concatenate(proposed, axis=1), k)


def _proposals(
    vectors: Vectors, query_QE: Vectors, k: int, rows: Rows | None, backend: Backend
) -> Iterator[tuple[int, Rows]]:
    """First position and positions from there [Q, <= k], part by part."""
    propose = by_usearch if _use_usearch(backend, len(query_QE)) else by_numpy
    if rows is None:
        if len(vectors):
            yield 0, propose(vectors, query_QE, k)[0]
        return
    for first in range(0, len(rows), _GATHERED):
        part = vectors[rows[first : first + _GATHERED]]
        yield first, propose(part, query_QE, min(k, len(part)))[0]


def _best(vectors: Vectors, query_QE: Vectors, proposed_QP: Rows, k: int) -> tuple[Rows, Scores]:
    rows_Qk, scores_Qk = np.empty((len(query_QE), k), np.int64), np.empty((len(query_QE), k), np.float32)
    for number, (query_E, rows_P) in enumerate(zip(query_QE.astype(np.float32), proposed_QP, strict=True)):
        scores_P = (vectors[rows_P].astype(np.float32) * query_E).sum(1)
        order = np.lexsort((rows_P, -scores_P))[:k]
        rows_Qk[number], scores_Qk[number] = rows_P[order], scores_P[order]
    return rows_Qk, scores_Qk


def by_numpy(vectors: Vectors, query_QE: Vectors, k: int) -> tuple[Rows, Scores]:
    """Rows [Q, k] and inner products, by matrix products of blocks; k is the number of vectors at most."""
    queries_EQ = np.ascontiguousarray(query_QE.T, np.float32)
    best = [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in query_QE]
    floor_Q = np.full(len(query_QE), -np.inf, np.float32)  # a later row has to be above it
    size = min(BLOCK, len(vectors))
    block_BE = np.empty((size, vectors.shape[1]), np.float32)  # reused: new memory a block costs as much as the product
    scores_BQ = np.empty((size, len(query_QE)), np.float32)
    for first in range(0, len(vectors), size):
        part = vectors[first : first + size]
        np.copyto(block_BE[: len(part)], part)
        scores = np.matmul(block_BE[: len(part)], queries_EQ, out=scores_BQ[: len(part)])
        for number in np.flatnonzero(scores.max(0) > floor_Q):
            above = _above(scores[:, number], floor_Q[number], k)
            rows = np.concatenate([best[number][0], first + above])
            merged = np.concatenate([best[number][1], scores[above, number]])
            order = np.lexsort((rows, -merged))[:k]
            best[number] = rows[order], merged[order]
            if len(order) == k:
                floor_Q[number] = merged[order[-1]]
    return np.stack([rows for rows, _ in best]), np.stack([scores for _, scores in best])


def _above(scores_N: Scores, floor: np.float32, k: int) -> Rows:
    """Positions of scores above the floor, without those that k others are better than."""
    above: Rows = np.flatnonzero(scores_N > floor)
    if len(above) <= k:
        return above
    kept = scores_N[above]
    best: Rows = above[kept >= np.partition(kept, -k)[-k]]
    return best


def by_usearch(vectors: Vectors, query_QE: Vectors, k: int) -> tuple[Rows, Scores]:
    """The same by usearch."""
    from usearch.index import MetricKind, search

    found = search(vectors, query_QE, k, MetricKind.IP, exact=True)
    keys, distances = np.atleast_2d(found.keys), np.atleast_2d(found.distances)
    return keys.astype(np.int64), (1 - distances).astype(np.float32)


def _use_usearch(backend: Backend, queries: int) -> bool:
    if backend == "auto":
        return queries < _MANY and importlib.util.find_spec("usearch") is not None
    return backend == "usearch"
