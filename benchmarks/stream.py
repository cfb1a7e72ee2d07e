"""Captions a second and peak memory of ``mycook translate IN OUT``, which streams a file in chunks.

    python benchmarks/stream.py --rows 10000 100000 1000000

The rows are made up, short and all different; the model is a tiny one with random weights (``--engine mini`` takes the
bundled one). Each size runs in a process of its own, whose peak is printed: it must not grow with the rows, nor the
processor's time a caption, which other work on the machine changes less than the seconds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

THINGS = ("onion", "carrot", "egg", "potato", "pepper", "tomato", "apple", "fish", "bread", "butter")
ACTS = ("cut the", "fry the", "wash the", "peel the", "mix the", "boil the")


def write_rows(path: Path, rows: int) -> None:
    """A Parquet file of short captions, all different, in row groups of 50,000."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, rows, 50_000):
            ids = range(first, min(first + 50_000, rows))
            texts = [f"{ACTS[n % 6]} {THINGS[n // 6 % 10]} {n:07d}" for n in ids]  # all as long, however many
            writer.write_table(pa.table({"id": list(ids), "text": texts}, schema=schema))


def run(folder: Path, rows: int, engine: str, chunk: int) -> dict[str, float]:
    """Translate in this process, and measure it."""
    from multiyoucook2.building.tables import FileTranslation, translate_file
    from multiyoucook2.engines.decoding import Decoding
    from multiyoucook2.engines.resolve import resolve

    decoding = Decoding(beam_size=1, max_length_factor=1.0, max_length_extra=0, retry=False)  # type: ignore[call-arg]
    resolved = resolve(engine, "de", cache_dir=folder, offline=True)
    source = folder / f"{rows}.parquet"
    write_rows(source, rows)
    began, worked = time.perf_counter(), time.process_time()
    translate_file(FileTranslation(source, folder / f"{rows}-out.parquet", "text", [resolved], decoding, chunk=chunk))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    return {"rows": rows, "seconds": round(seconds, 1), "per_second": round(rows / seconds),
            "cpu_ms_a_caption": round(1000 * worked / rows, 3), "peak_mb": peak_mb()}  # fmt: skip


def peak_mb() -> int:
    """This process's peak; Linux alone tells it apart from that of the process that started this one."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--engine", default="tiny")
    parser.add_argument("--chunk", type=int, default=20_000)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(run(options.child, options.rows[0], options.engine, options.chunk)))
        return
    with tempfile.TemporaryDirectory() as name:
        engine = options.engine
        if engine == "tiny":
            sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
            from tiny_model import make_tiny_model

            texts = [f"{act} {thing} and {other}" for act in ACTS for thing in THINGS for other in THINGS]
            engine = str(make_tiny_model(Path(name) / "tiny", texts))
        for rows in options.rows:
            command = [sys.executable, __file__, "--child", name, "--rows", str(rows), "--engine", engine]
            done = subprocess.run([*command, "--chunk", str(options.chunk)], check=True, capture_output=True, text=True)
            print(done.stdout.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
