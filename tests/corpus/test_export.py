"""Exports by hand: what each format holds of a small data set with several captions a clip, one of them refused."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from multiyoucook2.corpus.dataset import content_hash, dataset_files
from multiyoucook2.corpus.export import Row, _csv, _tsv, export
from multiyoucook2.corpus.hub_metadata import card_metadata
from multiyoucook2.errors import DatasetError, RecipeError
from multiyoucook2.files.tsv import why_not
from multiyoucook2.sources.formats.delimited import read_delimited

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
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == {"split": "train", "clip_id": "v0_0", "caption_index": "0", "lang": "en", "caption": "chop it"}
    chinese = [(row["clip_id"], row["caption_index"]) for row in rows if row["lang"] == "zh"]
    assert chinese == [("v0_0", "1"), ("v1_0", "1"), ("v1_0", "2")]  # the refused one is left out
    assert export(dataset, tmp_path / "x.csv", to="csv", langs=["zh"], accepted_only=False)["captions"] == 4


TEXTS = st.text(st.sampled_from('"\t\n\r,; a\u2028ü'), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
@example(text='"hot" pan')
@example(text='"hot pan"')
def test_a_table_that_is_written_is_read_as_it_was(text: str) -> None:
    """By our own reader, and a TSV by the plainest."""
    row = Row("train", "v0_0", 1, "de", text)
    written = {"csv": _csv([row], {})}
    if why_not(text) is None:
        written["tsv"] = _tsv([row], {})
        assert [line.split("\t") for line in written["tsv"].split("\n")] == [[*Row._fields], [*map(str, row)], [""]]
    with TemporaryDirectory() as folder:
        for kind, table in written.items():
            path = Path(folder) / f"x.{kind}"
            path.write_bytes(table.encode())
            assert [found for _, found in read_delimited(path).rows] == [row._asdict() | {"caption_index": "1"}]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("cut\tit", "cut\\tit holds a tab"),
        ("cut\nit", "cut\\nit holds a line break"),
        ("cut\rit", "cut\\rit holds a line break"),
        ('"a ""hot"" pan"', '"a ""hot"" pan" looks like a text that CSV has quoted'),
    ],
)
def test_what_a_tsv_cannot_hold_is_refused_by_its_caption(text: str, wrong: str) -> None:
    with pytest.raises(DatasetError) as caught:
        _tsv([Row("train", "v0_0", 0, "en", "cut it"), Row("train", "v0_0", 1, "de", text)], {})
    assert str(caught.value) == f"v0_0, caption 1, de: {wrong}, which TSV cannot hold"
    assert caught.value.hint == "--to csv or --to jsonl can"


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
