"""Files in the true formats of the data sets that are read, with texts written for these tests."""

import csv
import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from multiyoucook2.sources.base import SOURCES, Reading

WORDS = ("a cat sits on a chair", "a dog runs over grass", "someone stirs soup", "two people cut paper")


def read(source: str, *paths: Path, **options: Any) -> Reading:
    """What a source's reader finds."""
    row = SOURCES.find(source)
    return row.read(paths, row.options(**options))


def captions(reading: Reading, lang: str = "en") -> dict[tuple[str, int], str]:
    """(clip, index) -> text of a language."""
    rows = reading.captions.to_pylist()
    return {(row["clip_id"], row["caption_index"]): row["text"] for row in rows if row["lang"] == lang}


def splits(reading: Reading) -> dict[str, str]:
    """clip -> split."""
    return {row["clip_id"]: row["split"] for row in reading.clips.to_pylist()}


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def write_pickle(path: Path, value: Any) -> Path:
    path.write_bytes(pickle.dumps(value))
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


ROWS = [
    {"id": "one", "sentence": "a cat sits", "part": "train", "from": 1.5, "to": 4},
    {"id": "two", "sentence": "a dog runs", "part": "val", "from": 2, "to": 5},
    {"id": "one", "sentence": "the cat, again", "part": "train", "from": 1.5, "to": 4},
]
FORMATS = {
    "csv": lambda folder: write_csv(folder / "my.csv", ROWS),
    "semicolons": lambda folder: write_csv(folder / "my.csv", ROWS, ";"),
    "tsv": lambda folder: write_csv(folder / "my.tsv", ROWS, "\t"),
    "byte order mark": lambda folder: write_csv(folder / "my.csv", ROWS, encoding="utf-8-sig"),
    "utf-16": lambda folder: write_csv(folder / "my.csv", ROWS, encoding="utf-16"),
    "jsonl": lambda folder: lines(folder / "my.jsonl", ROWS),
    "parquet": lambda folder: parquet(folder / "my.parquet", ROWS),
    "json": lambda folder: write_json(folder / "my.json", ROWS),
}


def msrvtt(numbers: Sequence[int], captions_a_clip: int = 20) -> dict[str, Any]:
    """MSR-VTT's JSON: sentences interleaved over the videos, keys with a blank, the official splits by number."""
    videos = [
        {
            "category": number % 20,
            "url": f"https://www.youtube.com/watch?v={number // 2:011d}",  # two clips a video, as many are
            "video_id": f"video{number}",
            "start time": 10.5 * (number % 2),
            "end time": 10.5 * (number % 2) + 12.25,
            "split": "train" if number < 6513 else "validate" if number < 7010 else "test",
            "id": number,
        }
        for number in numbers
    ]
    sentences = [
        {"sen_id": len(numbers) * place + row, "video_id": f"video{number}", "caption": f"{WORDS[place % 4]} {place}"}
        for place in range(captions_a_clip)
        for row, number in enumerate(numbers)
    ]
    return {"info": {"version": "1"}, "videos": videos, "sentences": sentences}


def vatex(videos: Sequence[str], chinese: bool = True) -> list[dict[str, Any]]:
    """VATEX's JSON: ten captions a language."""
    return [
        {"videoID": video, "enCap": [f"{WORDS[place % 4]} {place}" for place in range(10)]}
        | ({"chCap": [f"一只猫坐在椅子上{place}" for place in range(10)]} if chinese else {})
        for video in videos
    ]
