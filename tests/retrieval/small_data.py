"""A small data set in the published format, and simulated features of it, for whole runs in seconds."""

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from multiyoucook2.features.simulated import simulate
from multiyoucook2.features.store import FeatureStore

VERBS = {"mix": "misch", "cut": "schneid", "fry": "brat", "pour": "giess", "peel": "schael", "bake": "back"}
NOUNS = {
    "onion": "zwiebel", "egg": "ei", "rice": "reis", "fish": "fisch", "bread": "brot", "carrot": "karotte",
    "butter": "butterschmalz", "tomato": "paradeiser", "noodle": "nudel", "garlic": "knoblauch",
}  # fmt: skip
PLACES = {"pan": "pfanne", "bowl": "schale", "pot": "topf", "board": "brett"}
LANGS = ("en", "de", "ja")


def repeated(table: pa.Table, captions: int) -> pa.Table:
    """Each row as so many captions of its clip, which differ in a number."""
    rows = [row | {"caption_index": index} for row in table.to_pylist() for index in range(captions)]
    for row in rows:
        row["caption"] = row["caption"] and f"{row['caption']} {row['caption_index']}"
    return pa.Table.from_pylist(rows, table.schema.append(pa.field("caption_index", pa.int32())))


def make_dataset(folder: Path, *, clips: int = 96, validation: int = 32, seed: int = 0, captions: int = 1) -> Path:
    """Clips with captions in English, a German of sorts, and English backwards as ``ja`` without every 9th.

    With ``captions`` above 1, a clip has so many, which differ in a number of their own.
    """
    rows = random.Random(seed)
    texts: dict[str, list[str | None]] = {lang: [] for lang in LANGS}
    ids = []
    for number in range(clips + validation):
        verb, noun, other, place = (rows.choice(sorted(words)) for words in (VERBS, NOUNS, NOUNS, PLACES))
        ids.append(f"video{number // 4:03d}_{number % 4}")
        texts["en"].append(f"{verb} the {noun} and the {other} in the {place}")
        texts["de"].append(f"{NOUNS[noun]} und {NOUNS[other]} im {PLACES[place]} {VERBS[verb]}en")
        texts["ja"].append(None if number % 9 == 8 else f"{place[::-1]} {noun[::-1]} {other[::-1]} {verb[::-1]}")
    splits = {"train": slice(0, clips), "validation": slice(clips, None)}
    configs = []
    for lang in LANGS:
        (folder / lang).mkdir(parents=True)
        for split, part in splits.items():
            size = len(ids[part])
            accepted = [not (lang == "de" and split == "train" and row == 5) for row in range(size)]
            columns = {
                "clip_id": ids[part],
                "caption": texts[lang][part],
                "caption_en": texts["en"][part],
                "score": pa.nulls(size, pa.float32()),
                "flags": pa.array([[]] * size, pa.list_(pa.string())),
                "accepted": accepted,
            }
            table = pa.table(columns)  # the first version of the format, which is still read
            if captions > 1:
                table = repeated(table, captions)
            pq.write_table(table, folder / lang / f"{split}.parquet")
        files = "".join(f"  - {{split: {split}, path: {lang}/{split}.parquet}}\n" for split in splits)
        configs.append(f"- config_name: {lang}\n  data_files:\n{files}")
    (folder / "README.md").write_text("---\nconfigs:\n" + "".join(configs) + "---\n", encoding="utf-8")
    about = {"name": "small", "content_hash": f"{seed:064x}", "languages": list(LANGS), "rows": len(ids)}
    (folder / "multiyoucook2.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def make_features(dataset: Path, folder: Path, *, dim: int = 32, without: tuple[str, ...] = ()) -> FeatureStore:
    """Easy simulated features of both splits."""
    captions = {}
    for split in ("train", "validation"):
        table = pq.read_table(dataset / "en" / f"{split}.parquet")
        captions |= dict(zip(table["clip_id"].to_pylist(), table["caption"].to_pylist(), strict=True))
    kept = {clip: text for clip, text in captions.items() if clip not in without}
    return simulate(kept, folder, dim=dim, difficulty=0.2)


def add_quality(dataset: Path, *, seed: int = 0) -> Path:
    """Give the translations of :func:`make_dataset` a quality; below 0.3 refused, from 0.6 to 0.8 repaired."""
    rows = random.Random(seed)
    for lang in LANGS:
        for split in ("train", "validation"):
            path = dataset / lang / f"{split}.parquet"
            table = pq.read_table(path)
            quality = [rows.random() for _ in range(table.num_rows)]
            machine = lang != "en"
            flags = [["repaired:n-best"] if machine and 0.6 <= value < 0.8 else [] for value in quality]
            columns = {
                "quality": pa.array([value if machine else None for value in quality], pa.float32()),
                "origin": pa.array(["machine" if machine else "human"] * table.num_rows),
                "flags": pa.array(flags, pa.list_(pa.string())),
                "accepted": pa.array([not machine or value >= 0.3 for value in quality]),
            }
            kept = table.select([name for name in table.column_names if name not in columns])
            for name, column in columns.items():
                kept = kept.append_column(name, column)
            pq.write_table(kept, path)
    return dataset
