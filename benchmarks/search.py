"""Exact search of a million clips: ours beside FAISS flat, in one run; CPU and wall seconds, memory, bandwidth.

    python benchmarks/search.py                              # 1,000,000 x 512; one query, and 100 in a batch
    python benchmarks/search.py --clips 100000 --threads 2

Needs ``pip install usearch faiss-cpu``. The vectors are random directions in clusters, float16 in a memory-mapped
file, as an index has them. FAISS holds them in memory: as float32 (``IndexFlatIP``), and as float16 (``SQfp16``).
Truth is the full sort of float32 products of the stored vectors. The bandwidth is that of a sum over the same
file, mapped in the same way: what a search that reads every vector once cannot go below.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

THREADS = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv else "2"
os.environ |= {"OMP_NUM_THREADS": THREADS, "OPENBLAS_NUM_THREADS": THREADS}  # read when the libraries are loaded

import numpy as np  # noqa: E402

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

    faiss.omp_set_num_threads(threads)
    yield "ours, usearch", lambda queries: top_k(vectors, queries, K, backend="usearch")[0]
    yield "ours, numpy", lambda queries: top_k(vectors, queries, K, backend="numpy")[0]
    for kind, name in (("fp16", "FAISS SQfp16"), ("flat", "FAISS flat, float32")):
        index = faiss_index(kind, vectors)
        yield name, lambda queries, index=index: index.search(queries.astype(np.float32), K)[1]


def bandwidth(vectors: Any, repeats: int) -> float:
    """GB a second at which the file is read and summed as 64-bit words, by one thread."""
    words = vectors.reshape(-1).view(np.int64)
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        words.sum()
        took.append(time.perf_counter() - started)
    return vectors.nbytes / min(took) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.bin"
        write_vectors(path, arguments.clips, arguments.dim)
        vectors = np.memmap(path, "<f2", "r", shape=(arguments.clips, arguments.dim))
        queries = vectors[np.random.default_rng(1).choice(arguments.clips, arguments.batch, replace=False)]
        queries = np.ascontiguousarray(queries)
        wanted = truth(vectors, queries)
        read = bandwidth(vectors, arguments.repeats)
        print(f"{arguments.clips:,} x {arguments.dim}, float16, {vectors.nbytes / 1e9:.2f} GB; {arguments.threads} "
              f"threads; best of {arguments.repeats}; load {os.getloadavg()[0]:.1f}")  # fmt: skip
        print(f"one thread reads {read:.1f} GB/s: {1000 * vectors.nbytes / read / 1e9:.0f} ms for all vectors")
        head = ("", "1 query", "CPU", f"{arguments.batch} queries", "CPU", "recall@10", "memory")
        print("{:22}{:>10}{:>10}{:>14}{:>10}{:>11}{:>10}".format(*head))
        for name, search in methods(vectors, arguments.threads):
            found, figures = [], []
            for batch in (queries[:1], queries):
                best = (float("inf"), float("inf"))
                for _ in range(arguments.repeats):
                    wall, cpu = time.perf_counter(), time.process_time()
                    found = search(batch)
                    best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
                figures += best
            recall = np.mean([len(truth & set(rows.tolist())) / K for truth, rows in zip(wanted, found, strict=True)])
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            print(f"{name:22}{1000 * figures[0]:>7.0f} ms{1000 * figures[1]:>7.0f} ms{figures[2]:>12.2f} s"
                  f"{figures[3]:>8.2f} s{recall:>11.3f}{memory:>7.1f} GB", flush=True)  # fmt: skip
        print("memory: the peak so far, of which the mapped file is the page cache's")


if __name__ == "__main__":
    main()
