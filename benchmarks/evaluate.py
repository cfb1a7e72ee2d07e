"""Ranking a million clips for a thousand queries: ours beside bare matrix products of the same chunks, and its memory.

    python benchmarks/evaluate.py                              # 1,000,000 candidates x 1,000 queries, 512 dimensions
    python benchmarks/evaluate.py --candidates 100000 --queries 200

The peer is what cannot be avoided: ``torch.mm`` of normalised float32 embeddings, chunk by chunk, into one buffer, with
nothing done to the result. Ours normalises, multiplies, counts what is above each answer, and returns ranks.
"""

import argparse
import resource
import time

import numpy as np
import torch

from multiyoucook2.retrieval.evaluation.ranking import rank_embeddings
from multiyoucook2.retrieval.objectives.similarity import unit


def products(query_QE: torch.Tensor, candidate_CE: torch.Tensor, chunk: int) -> None:
    """The matrix products alone."""
    buffer = torch.empty(len(query_QE) * chunk)
    for start in range(0, len(candidate_CE), chunk):
        part_CE = candidate_CE[start : start + chunk]
        out = buffer[: len(query_QE) * len(part_CE)].view(len(query_QE), len(part_CE))
        torch.mm(query_QE, part_CE.T, out=out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--chunk", type=int, default=8192, help="candidates at a time")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    random = torch.Generator().manual_seed(0)
    candidate_CE = torch.randn(arguments.candidates, arguments.dim, generator=random)
    candidate_CE.div_(candidate_CE.norm(dim=1, keepdim=True))  # in place, so that the peak of memory so far is the data
    query_QE = unit(torch.randn(arguments.queries, arguments.dim, generator=random))
    answers = torch.randint(0, arguments.candidates, (arguments.queries,), generator=random)
    before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds: dict[str, list[float]] = {"products": [], "ours": []}
    for _ in range(arguments.repeats):
        started = time.perf_counter()
        products(query_QE, candidate_CE, arguments.chunk)
        seconds["products"].append(time.perf_counter() - started)
        started = time.perf_counter()
        ranks_Q = rank_embeddings(query_QE, candidate_CE, answers, candidate_chunk=arguments.chunk)
        seconds["ours"].append(time.perf_counter() - started)
    after_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peer, ours = (float(np.min(found)) for found in seconds.values())
    shape = f"{arguments.candidates:,} candidates x {arguments.queries:,} queries x {arguments.dim}"
    print(f"{shape}; best of {arguments.repeats}; {torch.get_num_threads()} threads")
    print(f"{'matrix products alone':28}{peer:10.3f} s\n{'ours, with ranks':28}{ours:10.3f} s")
    print(f"{'share of the peer':28}{100 * peer / ours:10.1f} %")
    print(f"{'mean rank, chance is half':28}{ranks_Q.mean():10.0f}")
    print(f"{'memory on top of the data':28}{after_mib - before_mib:10.0f} MiB")
    print(f"{'the full matrix would be':28}{arguments.candidates * arguments.queries * 4 / 2**20:10.0f} MiB")


if __name__ == "__main__":
    main()
