"""Captions a second that each source reads, beside the bare parser of its format.

    python benchmarks/reading.py --captions 200000

CPU seconds of this process are counted, so that other work on the machine changes little. The files are made up.
"""

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multiyoucook2.sources.base import SOURCES

TEXT = "a person is showing how to cook dish number {} in a pan"


def files(folder: Path, captions: int) -> dict[str, tuple[str, Path, Callable[[Path], object]]]:
    """Name -> (source, file, the bare parser); five captions a clip, MSR-VTT twenty, VATEX ten and ten."""
    rows = [{"clip_id": f"c{n // 5}", "caption": TEXT.format(n), "split": "train"} for n in range(captions)]
    with (folder / "my.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), folder / "my.parquet")
    clips = captions // 20
    videos = [{"video_id": f"video{n}", "url": f"https://www.youtube.com/watch?v={n:011d}", "start time": 1.5,
               "end time": 12.5, "split": "train", "category": 1, "id": n} for n in range(clips)]  # fmt: skip
    sentences = [{"sen_id": n, "video_id": f"video{n % clips}", "caption": TEXT.format(n)} for n in range(clips * 20)]
    (folder / "msrvtt.json").write_text(json.dumps({"videos": videos, "sentences": sentences}))
    vatex = [{"videoID": f"{n:011d}_000001_000011", "enCap": [TEXT.format(k) for k in range(10)],
              "chCap": [f"一个人在平底锅里做第{k}道菜" for k in range(10)]} for n in range(clips)]  # fmt: skip
    (folder / "vatex_train.json").write_text(json.dumps(vatex, ensure_ascii=False))

    def read_csv(path: Path) -> object:
        with path.open(newline="") as file:
            return sum(1 for _ in csv.DictReader(file))

    def read_lines(path: Path) -> object:
        with path.open() as file:
            return sum(1 for line in file if json.loads(line))

    def read_json(path: Path) -> object:
        return json.loads(path.read_bytes())

    def read_parquet(path: Path) -> object:
        return len(pq.read_table(path).to_pylist())

    return {
        "CSV": ("custom", folder / "my.csv", read_csv),
        "JSON Lines": ("custom", folder / "my.jsonl", read_lines),
        "Parquet": ("custom", folder / "my.parquet", read_parquet),
        "MSR-VTT": ("msrvtt", folder / "msrvtt.json", read_json),
        "VATEX": ("vatex", folder / "vatex_train.json", read_json),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, default=200_000)
    captions = parser.parse_args().captions
    with tempfile.TemporaryDirectory() as name:
        for label, (source, path, bare) in files(Path(name), captions).items():
            row = SOURCES.find(source)
            began = time.process_time()
            reading = row.read([path], row.options())
            ours = time.process_time() - began
            began = time.process_time()
            bare(path)
            theirs = time.process_time() - began
            read = reading.captions.num_rows
            print(
                f"{label:12} {read / ours:10,.0f} captions/s; the bare parser {read / theirs:10,.0f}, "
                f"{theirs / ours:4.0%} of the time"
            )


if __name__ == "__main__":
    main()
