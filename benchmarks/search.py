"""Exact search of a million clips: ours beside FAISS flat, in one run; CPU and wall seconds, memory, bandwidth.

    python benchmarks/search.py                              # 1,000,000 x 512; one query, and 100 in a batch
    python benchmarks/search.py --clips 100000 --threads 2
    python benchmarks/search.py --clips 100000 --approximate # the graph too: how long it takes to build, what it finds

Needs ``pip install numkong usearch faiss-cpu``. The vectors are random directions in clusters, float16 in a
memory-mapped file, as an index has them. FAISS holds them in memory: as float32 (``IndexFlatIP``), and as float16
(``SQfp16``). Truth is the full sort of float32 products of the stored vectors. The bandwidth is that of a sum over
the same file, mapped in the same way, by all threads: what a search that reads every vector once cannot go below.
``of peak`` is the share of it at which one query reads the float16.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

THREADS = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv else "2"
os.environ |= {"OMP_NUM_THREADS": THREADS, "OPENBLAS_NUM_THREADS": THREADS}  # read when the libraries are loaded

import numpy as np  # noqa: E402

from multiyoucook2.progress import Silent  # noqa: E402
from multiyoucook2.retrieval.search.approximate import Graph, build_graph  # noqa: E402
from multiyoucook2.retrieval.search.exact import top_k  # noqa: E402

K, PART = 10, 50_000


def write_vectors(path: Path, clips: int, dim: int) -> None:
    """Unit vectors around 2% as many centres, float16."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((max(1, clips // 50), dim), dtype=np.float32)
    with path.open("wb") as file:
        for first in range(0, clips, PART):
            size = min(PART, clips - first)
            part = centres[random.integers(len(centres), size=size)]
            part += 0.7 * random.standard_normal((size, dim), dtype=np.float32)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
            file.write(part.astype("<f2").tobytes())


def truth(vectors: Any, queries: Any) -> list[set[int]]:
    """The ten best of each query by float32 products, part by part."""
    scores = np.concatenate(
        [queries.astype(np.float32) @ vectors[first : first + PART].astype(np.float32).T
         for first in range(0, len(vectors), PART)], axis=1,
    )  # fmt: skip
    return [set(np.argpartition(-row, K)[:K].tolist()) for row in scores]


def faiss_index(kind: str, vectors: Any) -> Any:
    import faiss

    dim = vectors.shape[1]
    index = faiss.IndexFlatIP(dim) if kind == "flat" else faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )  # fmt: skip
    if kind != "flat":
        index.train(vectors[:1000].astype(np.float32))
    for first in range(0, len(vectors), PART):
        index.add(vectors[first : first + PART].astype(np.float32))
    return index


def methods(vectors: Any, threads: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    import faiss
    from usearch.index import MetricKind
    from usearch.index import search as usearch

    faiss.omp_set_num_threads(threads)
    yield "ours", lambda queries: top_k(vectors, queries, K)[0]
    yield "ours, without numkong", lambda queries: top_k(vectors, queries, K, backend="numpy")[0]
    yield (
        "usearch, exact",
        lambda queries: np.atleast_2d(usearch(vectors, queries, K, MetricKind.IP, exact=True).keys).astype(np.int64),
    )
    for kind, name in (("fp16", "FAISS SQfp16"), ("flat", "FAISS flat, float32")):
        index = faiss_index(kind, vectors)
        yield name, lambda queries, index=index: index.search(queries.astype(np.float32), K)[1]


def bandwidth(vectors: Any, threads: int, repeats: int) -> float:
    """GB a second at which the file is read and summed as 64-bit words, by so many threads."""
    parts = np.array_split(np.asarray(vectors).reshape(-1).view(np.int64), threads)
    took = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(repeats):
            started = time.perf_counter()
            list(pool.map(np.sum, parts))
            took.append(time.perf_counter() - started)
    return vectors.nbytes / min(took) / 1e9


def approximate(folder: Path, vectors: Any) -> tuple[str, Callable[[Any], Any]]:
    """The graph, after a line on its building; it is measured with vectors turned a little, as captions are near."""
    random = np.random.default_rng(2)
    near = vectors[random.choice(len(vectors), 500)].astype(np.float32)
    near += 0.5 * random.standard_normal(near.shape, dtype=np.float32) / np.sqrt(near.shape[1])
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    wall, cpu = time.perf_counter(), time.process_time()
    about = build_graph(folder, vectors, near.astype(np.float16), Silent())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"graph: {wall:.0f} s to build, CPU {cpu:.0f} s, {about.bytes / 1e9:.2f} GB; recall@10 {about.recall:.3f}, "
          f"{about.expansion} rows in sight")  # fmt: skip
    graph = Graph.open(folder, vectors, about)
    return "ours, approximate", lambda queries: graph.top_k(queries, K)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--approximate", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.bin"
        write_vectors(path, arguments.clips, arguments.dim)
        vectors = np.memmap(path, "<f2", "r", shape=(arguments.clips, arguments.dim))
        queries = vectors[np.random.default_rng(1).choice(arguments.clips, arguments.batch, replace=False)]
        queries = np.ascontiguousarray(queries)
        wanted = truth(vectors, queries)
        read = bandwidth(vectors, arguments.threads, arguments.repeats)
        print(f"{arguments.clips:,} x {arguments.dim}, float16, {vectors.nbytes / 1e9:.2f} GB; {arguments.threads} "
              f"threads; best of {arguments.repeats}; load {os.getloadavg()[0]:.1f}")  # fmt: skip
        least = vectors.nbytes / read / 1e9
        print(f"the machine reads {read:.1f} GB/s: {1000 * least:.0f} ms for all vectors")
        head = ("", "1 query", "CPU", "of peak", f"{arguments.batch} queries", "CPU", "recall@10", "memory")
        print("{:22}{:>10}{:>10}{:>9}{:>14}{:>10}{:>11}{:>10}".format(*head))
        found_by = [approximate(Path(folder), vectors)] if arguments.approximate else []
        for name, search in chain(methods(vectors, arguments.threads), found_by):
            found, figures = [], []
            for batch in (queries[:1], queries):
                search(batch[:1])  # libraries are loaded, and the file is in memory
                best = (float("inf"), float("inf"))
                for _ in range(arguments.repeats):
                    wall, cpu = time.perf_counter(), time.process_time()
                    found = search(batch)
                    best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
                figures += best
            recall = np.mean([len(truth & set(rows.tolist())) / K for truth, rows in zip(wanted, found, strict=True)])
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            one, cpu, many, cpu_many = figures
            print(f"{name:22}{1000 * one:>7.0f} ms{1000 * cpu:>7.0f} ms{least / one:>9.0%}{many:>12.2f} s"
                  f"{cpu_many:>8.2f} s{recall:>11.3f}{memory:>7.1f} GB", flush=True)  # fmt: skip
        print("memory: the peak so far, of which the mapped file is the page cache's")


if __name__ == "__main__":
    main()
