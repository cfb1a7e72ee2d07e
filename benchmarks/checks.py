"""Seconds of a processor and peak memory of all checks over a build's translations, alignment learned included.

    python benchmarks/checks.py build/multi-youcook2
    python benchmarks/checks.py build/multi-youcook2 --langs de --times 10

``--times`` repeats the rows under other ids; in each repetition one word of every caption and of its translation is
another one, so that no row is judged twice. Each language runs in a process of its own: the peak is that of one.
"""

import argparse
import multiprocessing
import resource
import time
from pathlib import Path

import pyarrow as pa

from multiyoucook2.corpus.tables import TRANSLATION
from multiyoucook2.quality.pairs import published_pairs
from multiyoucook2.quality.settings import Checks
from multiyoucook2.quality.table import judge


def tables(build: Path, lang: str, times: int) -> tuple[pa.Table, pa.Table]:
    """Captions and translations of a build, repeated."""
    pairs = published_pairs(build, lang)
    keys, english, texts = [], [], []
    for number in range(times):
        for (clip, index), (caption, text) in pairs.items():
            name = f"{clip}#{index}" if index else clip
            keys.append(f"{name}-{number}" if number else name)
            english.append(f"{caption} {_word(number)}".strip())
            texts.append(f"{text} {_word(number)}".strip())
    rows = len(keys)
    captions = pa.table({"clip_id": keys, "caption_index": pa.array([0] * rows, pa.int32()), "text": english})
    columns = {
        "clip_id": keys,
        "caption_index": [0] * rows,
        "lang": [lang] * rows,
        "text": texts,
        "model": ["x"] * rows,
    }
    empty = {
        "score": None,
        "revision": "",
        "license": "",
        "decode_hash": "",
        "flags": [],
        "retries": 0,
        "origin": "machine",
        "first": None,
    }
    columns |= {name: [value] * rows for name, value in empty.items()}
    return captions, pa.table({name: columns[name] for name in TRANSLATION.names}, schema=TRANSLATION)


def _word(number: int) -> str:
    return "".join(chr(ord("b") + int(digit)) + "a" for digit in str(number)) if number else ""


def measure(build: Path, lang: str, times: int) -> None:
    """Prints one line."""
    captions, translations = tables(build, lang, times)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter(), time.process_time()
    found = judge(captions, translations, lang, Checks())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{lang:>6} {captions.num_rows:9,} rows {wall:7.1f} s {cpu:7.1f} CPU s {peak:7,.0f} MB"
          f" (tables {before:,.0f} MB), {found.verdicts.num_rows:,} verdicts", flush=True)  # fmt: skip


def main() -> None:
    """Prints a line a language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--langs", default="de,fr,cs,zh,ru,vi,es,ja")
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    for lang in options.langs.split(","):
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(options.build, lang, options.times)
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
