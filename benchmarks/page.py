"""How long the page takes to answer over 100,000 clips: one person, and eight at once.

    python benchmarks/page.py INDEX                  # an index of mycook index; its clips are repeated up to 100,000
    python benchmarks/page.py INDEX --clips 1000000

Each answer is a whole page with ten hits, over a connection of its own, from another process's point of view: the text
encoder, the search of all vectors, the clips' rows, the HTML.
"""

import argparse
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import uvicorn

from multiyoucook2.retrieval.search import open_index
from multiyoucook2.retrieval.search.app.server import make_app
from multiyoucook2.retrieval.search.index import SearchIndex

QUERIES = ("ajouter les oignons", "die Eier verrühren", "玉ねぎを炒める", "fry the rice", "قطع البصل", "切洋葱")


def repeated(index: SearchIndex, clips: int) -> SearchIndex:
    """The same index with more clips: vectors turned a little, rows repeated."""
    rows = np.arange(clips) % len(index)
    vectors = index.vectors[rows].astype(np.float32)
    vectors += 0.02 * np.random.default_rng(0).standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    about = index.about.model_copy(update={"clips": clips})
    return SearchIndex(index.folder, about, vectors.astype(np.float16), index.clips.take(pa.array(rows)), "cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--port", type=int, default=8765)
    arguments = parser.parse_args()
    app = make_app(repeated(open_index(arguments.index, device="cpu"), arguments.clips))
    server = uvicorn.Server(uvicorn.Config(app, port=arguments.port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def ask(number: int) -> float:
        started = time.perf_counter()
        query = {"q": QUERIES[number % len(QUERIES)], "k": "10"}
        answer = httpx.get(f"http://127.0.0.1:{arguments.port}/", params=query, timeout=120)
        answer.raise_for_status()
        return 1000 * (time.perf_counter() - started)

    ask(0)  # loads the model
    print(f"{arguments.clips:,} clips; load {os.getloadavg()[0]:.1f}; milliseconds an answer")
    for people in (1, 8):
        cpu = time.process_time()
        with ThreadPoolExecutor(people) as pool:
            took = list(pool.map(ask, range(arguments.answers)))
        cpu = 1000 * (time.process_time() - cpu) / len(took)
        print(f"{people} at once: median {np.median(took):.0f}, 95% {np.quantile(took, 0.95):.0f}; CPU {cpu:.0f}")
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
