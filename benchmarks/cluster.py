"""Captions a second by the runner Ray with one and with two workers, beside the local runner with as many threads.

    python -m benchmarks.cluster --annotations youcookii_annotations_trainval.json --limit 8000

The bundled model, German, one thread a worker, an empty memory each time. Ray is started and its workers have loaded
their model before the time is taken: on a long run that does not count. All runs give the same rows, which is checked.
"""

import argparse
import json
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from benchmarks.translate import BUNDLED, read_captions
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.runners.base import Runner
from multiyoucook2.runners.local import Local
from multiyoucook2.runners.ray import Ray
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table


def run(captions: list[str], runner: Runner, threads: int, work: Path) -> tuple[float, pa.Table]:
    """Seconds, and the table."""
    rows = pa.table({"clip_id": [str(row) for row in range(len(captions))], "text": captions})
    began = time.perf_counter()
    table = translate_table(
        rows, engine=resolve("mini", "de", cache_dir=work, offline=True), decoding=Decoding(), device="cpu",
        threads=threads,
        memory=TranslationMemory(work / f"memory-{began}"), runner=runner,
    )  # fmt: skip
    return time.perf_counter() - began, table


def main() -> None:
    """Parses the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, default=BUNDLED)
    parser.add_argument("--limit", type=int, default=8000)
    parser.add_argument("--warm-up", type=int, default=100, help="captions before the time is taken")
    options = parser.parse_args()
    captions = read_captions(options.annotations, options.limit)
    runners: list[tuple[str, Runner, int]] = [
        ("local, 1 thread", Local(), 1),
        ("local, 2 threads", Local(), 2),
        ("ray, 1 worker", Ray(1), 1),
        ("ray, 2 workers", Ray(2), 1),
    ]
    tables = []
    with tempfile.TemporaryDirectory() as work:
        for name, runner, threads in runners:
            with closing(runner):
                run(captions[: options.warm_up], runner, threads, Path(work))
                seconds, table = run(captions, runner, threads, Path(work))
            tables.append(table)
            print(
                json.dumps({"runner": name, "captions": len(captions), "per_second": round(len(captions) / seconds, 1)})
            )
    assert all(table == tables[0] for table in tables)


if __name__ == "__main__":
    main()
