"""Exports by hand: what each format holds of a small data set with several captions a clip, one of them refused."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from multiyoucook2.corpus.dataset import content_hash, dataset_files
from multiyoucook2.corpus.export import export
from multiyoucook2.corpus.hub_metadata import card_metadata
from multiyoucook2.errors import RecipeError

from .test_dataset import clips, several


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    shown, found = clips().slice(0, 2), several()
    files = dataset_files(found, shown)
    for name, data in files.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(data)
    head = card_metadata("A", ["mit"], ["en", "zh"], files, 2, content_hash(found, shown))
    (tmp_path / "data" / "README.md").write_text(f"---\n{yaml.safe_dump(head)}---\n")
    return str(tmp_path / "data")


def test_tables(dataset: str, tmp_path: Path) -> None:
    assert export(dataset, tmp_path / "x.tsv", to="tsv") == {"clips": 2, "captions": 8}
    with (tmp_path / "x.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert rows[0] == {"split": "train", "clip_id": "v0_0", "caption_index": "0", "lang": "en", "caption": "chop it"}
    chinese = [(row["clip_id"], row["caption_index"]) for row in rows if row["lang"] == "zh"]
    assert chinese == [("v0_0", "1"), ("v1_0", "1"), ("v1_0", "2")]  # the refused one is left out
    assert export(dataset, tmp_path / "x.csv", to="csv", langs=["zh"], accepted_only=False)["captions"] == 4


def test_json_lines_keep_the_places(dataset: str, tmp_path: Path) -> None:
    export(dataset, tmp_path / "x.jsonl", to="jsonl")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert lines[0]["captions"] == {"en": ["chop it", "cut it"], "zh": [None, "cut it zh"]}
    assert (lines[1]["start_s"], lines[1]["split"]) == (0.5, "validation")


def test_coco(dataset: str, tmp_path: Path) -> None:
    export(dataset, tmp_path / "x.json", to="coco")
    found = json.loads((tmp_path / "x.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["v0_0.mp4", "v1_0.mp4"]
    one = found["annotations"][-1]
    assert (one["image_id"], one["lang"], one["caption_index"], one["caption"]) == (1, "zh", 2, "heat zh")


def test_another_format_is_refused(dataset: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="unknown format 'json'") as caught:
        export(dataset, tmp_path / "x", to="json")
    assert "jsonl" in caught.value.hint
