"""The bundled corpus: complete, in the official format, and nobody else's sentences."""

import csv
import json
from pathlib import Path

import pytest

from multiyoucook2.sources.youcook2 import mini_annotations, read_clips
from pipelines.mini_nmt.evaluate import REFERENCES
from pipelines.mini_nmt.grammar import MODULES
from pipelines.mini_nmt.text import HANDWRITTEN

REAL = Path(__file__).resolve().parents[3] / "shared/data/youcook2/youcookii_annotations_trainval.json"


def test_size_and_splits() -> None:
    clips = read_clips(mini_annotations()).to_pylist()
    assert len(clips) == 300
    assert len({clip["video_id"] for clip in clips}) == 60
    assert sum(clip["split"] == "validation" for clip in clips) >= 120
    assert all(clip["video_id"].startswith("MINI") and "example.org" in clip["video_url"] for clip in clips)
    assert all(clip["flags"] == [] for clip in clips)


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_references_are_complete(lang: str) -> None:
    path = REFERENCES / f"{lang}.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    clips = read_clips(mini_annotations())
    assert [row["clip_id"] for row in rows] == clips.column("clip_id").to_pylist()
    assert all(row["text"].strip() == row["text"] != "" and not row["text"].endswith((".", "。")) for row in rows)
    english = clips.column("caption").to_pylist()
    assert not [row for row, caption in zip(rows, english, strict=True) if row["text"] == caption]


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_handwritten_captions_are_aligned(lang: str) -> None:
    english, target = ((HANDWRITTEN / f"{name}.txt").read_text("utf-8").splitlines() for name in ("en", lang))
    assert len(english) == len(target) >= 1000
    assert all(line.strip() == line != "" for line in target)


@pytest.mark.skipif(not REAL.exists(), reason="the real annotations are not here")
def test_no_caption_is_youcook2s() -> None:
    database = json.loads(REAL.read_text("utf-8"))["database"]
    real = {" ".join(clip["sentence"].lower().split()) for video in database.values() for clip in video["annotations"]}
    ours = read_clips(mini_annotations()).column("caption").to_pylist()
    ours += [line for line in (HANDWRITTEN / "en.txt").read_text("utf-8").splitlines() if len(line.split()) > 3]
    assert not [line for line in ours if " ".join(line.lower().split()) in real]
