"""Exact nearest vectors by inner product: nothing is approximated, and there is no index that could go stale.

Two ways to the same answer: numpy in blocks, which needs nothing and is the oracle; and numkong (the extra ``search``),
which reads float16 as it is, and for a single query is bound by the memory's bandwidth. Both only propose rows; scores
and order of what is returned are computed here, the same for both: higher scores first, equal scores by row. Of many
vectors that are equal within rounding (more than 16 beyond the k-th), which are proposed is up to the rounding of each.
"""

import importlib.util
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

Backend = Literal["auto", "numpy", "numkong"]
Vectors = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Propose = Callable[[Vectors, Vectors, int], Rows]

FIRST, BLOCK = 2_048, 16_384  # rows as float32 at a time: 32 MB at 512 dimensions
_GATHERED = 65_536  # rows of a filter that are copied at a time
_MANY = 4  # queries at once, from which a matrix product is faster than a pass for each
_MORE = 16  # proposed beyond k, as the two ways round differently


def top_k(
    vectors: Vectors, query_QE: Vectors, k: int, *, rows: Rows | None = None, backend: Backend = "auto"
) -> tuple[Rows, Scores]:
    """The k best rows for each query: rows [Q, k] and their inner products [Q, k].

    Args:
        vectors: [N, E] float16, memory-mapped or not, which is read once; query_QE: [Q, E] float16.
        rows: only these, rising. k is cut to their number.
        backend: ``auto`` is numkong where it is installed, else numpy.

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
    return best_of(vectors, query_QE, np.concatenate(proposed, axis=1), k)


def _proposals(
    vectors: Vectors, query_QE: Vectors, k: int, rows: Rows | None, backend: Backend
) -> Iterator[tuple[int, Rows]]:
    """First position and positions from there [Q, <= k], part by part."""
    propose = BACKENDS[_chosen() if backend == "auto" else backend]
    if rows is None:
        if len(vectors):
            yield 0, propose(vectors, query_QE, k)
        return
    for first in range(0, len(rows), _GATHERED):
        part = vectors[rows[first : first + _GATHERED]]
        yield first, propose(part, query_QE, min(k, len(part)))


def best_of(vectors: Vectors, query_QE: Vectors, proposed_QP: Rows, k: int) -> tuple[Rows, Scores]:
    """The k best of the rows that are proposed for each query, scored anew."""
    rows_Qk, scores_Qk = np.empty((len(query_QE), k), np.int64), np.empty((len(query_QE), k), np.float32)
    for number, (query_E, rows_P) in enumerate(zip(query_QE.astype(np.float32), proposed_QP, strict=True)):
        scores_P = (vectors[rows_P].astype(np.float32) * query_E).sum(1)
        order = np.lexsort((rows_P, -scores_P))[:k]
        rows_Qk[number], scores_Qk[number] = rows_P[order], scores_P[order]
    return rows_Qk, scores_Qk


def by_numpy(vectors: Vectors, query_QE: Vectors, k: int) -> Rows:
    """Rows [Q, k] by matrix products of blocks as float32; k is the number of vectors at most."""
    queries_EQ = np.ascontiguousarray(query_QE.T, np.float32)
    size = min(max(FIRST, BLOCK), len(vectors))
    block_BE = np.empty((size, vectors.shape[1]), np.float32)  # reused: new memory a block costs as much as the product
    scores_BQ = np.empty((size, len(query_QE)), np.float32)

    def scores(rows: slice) -> Scores:
        part = vectors[rows]
        np.copyto(block_BE[: len(part)], part)
        found: Scores = np.matmul(block_BE[: len(part)], queries_EQ, out=scores_BQ[: len(part)])
        return found

    return _best_of_blocks(len(query_QE), k, ((rows.start, scores(rows)) for rows in _blocks(len(vectors))))


def by_numkong(vectors: Vectors, query_QE: Vectors, k: int) -> Rows:
    """The same from float16 as it is stored, a block on each core."""
    import numkong

    queries = np.ascontiguousarray(query_QE)
    packed = numkong.dots_pack(queries)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def scores(rows: slice) -> tuple[int, Scores]:
        part = np.asarray(vectors[rows])
        if len(queries) < _MANY:
            # float64 by default; asked for float32, it takes three times as long
            return rows.start, np.asarray(numkong.cdist(part, queries, "dot")).astype(np.float32)
        return rows.start, np.asarray(numkong.dots_packed(part, packed))

    def ahead(pool: ThreadPoolExecutor) -> Iterator[tuple[int, Scores]]:
        waiting = deque[Future[tuple[int, Scores]]]()  # bounded: all scores of a large index are too many
        for rows in _blocks(len(vectors)):
            waiting.append(pool.submit(scores, rows))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)

    with ThreadPoolExecutor(cores) as pool:
        return _best_of_blocks(len(query_QE), k, ahead(pool))


def _blocks(size: int) -> Iterator[slice]:
    """All rows, in blocks; the first one is small, and spares the second one most of its candidates."""
    for first, last in pairwise([0, *range(min(FIRST, size), size, BLOCK), size]):
        yield slice(first, last)


def _best_of_blocks(queries: int, k: int, blocks: Iterable[tuple[int, Scores]]) -> Rows:
    """Rows [Q, k] of the highest scores, of blocks [B, Q] of scores and the row that each begins with."""
    best = [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in range(queries)]
    floor_Q = np.full(queries, -np.inf, np.float32)  # a later row has to be above it
    for first, scores_BQ in blocks:
        above_A, asked_A = np.nonzero(scores_BQ > floor_Q)  # few, after the first blocks
        order = np.argsort(asked_A, kind="stable")
        ends = np.cumsum(np.bincount(asked_A, minlength=queries))
        for number in np.unique(asked_A):
            start = ends[number - 1] if number else 0
            above = above_A[order[start : ends[number]]]
            merged = np.concatenate([best[number][1], scores_BQ[above, number]])
            rows = np.concatenate([best[number][0], first + above])
            if len(merged) > k:  # those that k others are better than need not be sorted
                kept = np.flatnonzero(merged >= np.partition(merged, -k)[-k])
                merged, rows = merged[kept], rows[kept]
            sorted_k = np.lexsort((rows, -merged))[:k]
            best[number] = rows[sorted_k], merged[sorted_k]
            if len(sorted_k) == k:
                floor_Q[number] = merged[sorted_k[-1]]
    return np.stack([rows for rows, _ in best])


BACKENDS: dict[str, Propose] = {"numpy": by_numpy, "numkong": by_numkong}


def _chosen() -> Backend:
    return "numpy" if importlib.util.find_spec("numkong") is None else "numkong"
