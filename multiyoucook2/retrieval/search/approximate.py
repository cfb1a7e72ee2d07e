"""An approximate index for tens of millions of clips: a graph (HNSW, of usearch) beside the vectors.

The graph holds the vectors as int8 and proposes rows; these are scored with the stored float16, so that scores and
their order are exact, and only which clips are found is not. How many are missed is measured when the graph is built,
with captions of the clips as queries, against the exact search. Filtered searches are exact.
"""

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ...errors import RecipeError, install_hint
from ...files.reading import Record
from ...progress import Listener
from .exact import Rows, Scores, Vectors, best_of, top_k

GRAPH = "graph.usearch"
AT = 10  # of the recall that is measured
GOOD = 0.95  # the recall at which the search looks no further
EXPANSIONS = (64, 128, 256, 512, 1024, 2048)  # rows that a search keeps in sight: more find more, and take longer
_LINKS, _EXPANSION_ADD = 32, 256
_PART = 100_000  # vectors that are added at a time
_MORE = 40  # proposed beyond k, as int8 rounds


class Approximate(Record):
    """What an index with a graph says of it. ``recall``: share of the exact ten best that it finds."""

    expansion: Annotated[int, Field(ge=1)]
    recall: Annotated[float, Field(ge=0, le=1)]
    queries: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=1)]

    def __str__(self) -> str:
        return f"approximate: recall@{AT} was {self.recall:.3f} over {self.queries:,} captions when it was built"


class Graph:
    """A graph that was built, over its vectors."""

    def __init__(self, graph: Any, vectors: Vectors) -> None:
        self._graph, self._vectors = graph, vectors

    @classmethod
    def open(cls, folder: Path, vectors: Vectors, about: Approximate) -> "Graph":
        """The graph of an index, memory-mapped."""
        graph = require_usearch().Index.restore(str(folder / GRAPH), view=True)
        graph.expansion_search = about.expansion
        return cls(graph, vectors)

    def top_k(self, query_QE: Vectors, k: int) -> tuple[Rows, Scores]:
        """Rows [Q, k] that are likely the best, and their exact scores; by the exact search where the graph finds too
        few, as it does among many vectors that are alike."""
        k = min(k, len(self._vectors))
        wanted = min(k + _MORE, len(self._vectors))
        found = self._graph.search(query_QE, wanted)
        # of a single query the keys are as many as were found; of several, what is behind the counts is no row
        counts = getattr(found, "counts", len(found))
        if np.min(counts) < wanted:
            return top_k(self._vectors, query_QE, k)
        return best_of(self._vectors, query_QE, np.atleast_2d(found.keys).astype(np.int64), k)


def build_graph(folder: Path, vectors: Vectors, query_QE: Vectors, listener: Listener) -> Approximate:
    """Write the graph of ``vectors`` into ``folder``, and measure it.

    Args:
        query_QE: what it is measured with. The smallest of ``EXPANSIONS`` whose recall is ``GOOD`` is taken, else the
            largest.

    Raises:
        RecipeError: usearch is not installed.
    """
    graph = require_usearch().Index(
        ndim=vectors.shape[1], metric="cos", dtype="i8", connectivity=_LINKS, expansion_add=_EXPANSION_ADD
    )
    listener.started("graph", 0, len(vectors))
    for first in range(0, len(vectors), _PART):
        part = np.asarray(vectors[first : first + _PART])
        graph.add(np.arange(first, first + len(part), dtype=np.uint64), part)
        listener.progress(first + len(part), len(vectors))
    truth, _ = top_k(vectors, query_QE, AT)
    recall, expansion = 0.0, EXPANSIONS[0]
    for expansion in EXPANSIONS:
        graph.expansion_search = expansion
        recall = recall_of(Graph(graph, vectors).top_k(query_QE, AT)[0], truth)
        if recall >= GOOD:
            break
    path = folder / GRAPH
    graph.save(str(path))
    return Approximate(expansion=expansion, recall=recall, queries=len(query_QE), bytes=path.stat().st_size)


def recall_of(found_Qk: Rows, truth_Qk: Rows) -> float:
    """Share of the true rows that were found."""
    hits = [len(set(found) & set(true)) for found, true in zip(found_Qk.tolist(), truth_Qk.tolist(), strict=True)]
    return sum(hits) / truth_Qk.size


def require_usearch() -> Any:
    """The module ``usearch.index``.

    Raises:
        RecipeError: it is not installed.
    """
    if importlib.util.find_spec("usearch") is None:
        raise RecipeError("an approximate index needs usearch", hint=install_hint("search"))
    import usearch.index

    return usearch.index
