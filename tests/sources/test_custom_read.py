"""Your own captions, read: each format, folders as on the Hub, the usual JSON shapes, ids and splits."""

import gc
from pathlib import Path
from typing import Any

import pytest

from multiyoucook2.errors import SourceError

from .writing import FORMATS, captions, lines, parquet, read, splits, write_csv, write_json

COLUMNS = {"columns": {"split": "part", "start": "from", "end": "to"}}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_data_set(kind: str, tmp_path: Path) -> None:
    reading = read("custom", FORMATS[kind](tmp_path), **COLUMNS)
    assert captions(reading) == {("one", 0): "a cat sits", ("two", 0): "a dog runs", ("one", 1): "the cat, again"}
    assert splits(reading) == {"one": "train", "two": "validation"}
    assert [(row["start_s"], row["end_s"]) for row in reading.clips.to_pylist()] == [(1.5, 4.0), (2.0, 5.0)]
    assert (reading.credit.license, reading.credit.citation, reading.credit.homepage) == ("unknown", "", "")
    assert reading.notes == ("3 captions of 2 clips",)


def test_a_csv_of_a_hub_style_folder_is_closed(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Its columns are known with its first rows only; an open file is told by a warning, once it is forgotten."""
    (tmp_path / "hub").mkdir()
    write_csv(tmp_path / "hub" / "train.csv", [{"text": "cut the onions"}, {"text": "fry them"}])
    assert sorted(captions(read("custom", tmp_path / "hub")).values()) == ["cut the onions", "fry them"]
    gc.collect()
    assert not [str(one.message) for one in recwarn]


def test_a_hub_style_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [{"video_id": "a", "caption": ["x y", "z"]}])
    parquet(tmp_path / "data" / "test-00000-of-00001.parquet", [{"video_id": "b", "caption": ["v"]}])
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
    reading = read("custom", tmp_path)
    assert captions(reading) == {("a", 0): "x y", ("a", 1): "z", ("b", 0): "v"}
    assert splits(reading) == {"a": "train", "b": "test"}
    assert reading.credit.license == "cc-by-4.0"


@pytest.mark.parametrize("video", [{"bytes": b"film", "path": "a.mp4"}, b"film"])
def test_a_column_of_the_videos_themselves_holds_no_ids(tmp_path: Path, video: object) -> None:
    """The Hub's type Video under the usual name ``video``: each row was refused, since that is no id."""
    (folder := tmp_path / "hub").mkdir()
    file = parquet(folder / "train.parquet", [{"id": "a", "video": video, "caption": "cut it"}])
    for path in (file, folder):
        reading = read("custom", path)
        assert captions(reading) == {("a", 0): "cut it"}
        assert reading.clips["video_id"].to_pylist() == ["a"]
        with pytest.raises(SourceError, match="the clip id is null"):
            read("custom", path, columns={"clip_id": "video"})


@pytest.mark.parametrize(("head", "license_name"), [("license: {a: b}", "unknown"), ("license: [mit, 3]", "unknown"),
                                                    ("license: [mit, cc-by-4.0]", "mit, cc-by-4.0")])  # fmt: skip
def test_licences_that_a_readme_states(tmp_path: Path, head: str, license_name: str) -> None:
    lines(tmp_path / "train.jsonl", [{"text": "cut it"}])
    (tmp_path / "README.md").write_text(f"---\n{head}\n---\n")
    assert read("custom", tmp_path).credit.license == license_name


def test_a_readme_whose_head_is_not_yaml_is_named(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", [{"text": "cut it"}])
    (tmp_path / "README.md").write_text("---\nlicense: [\n---\n")
    with pytest.raises(SourceError, match=r"README\.md: its head is not YAML: expected the node content"):
        read("custom", tmp_path)


def test_ids_of_a_csv_in_a_hub_style_folder_stay_as_they_are_written(tmp_path: Path) -> None:
    """``0012`` is no number: read as one it would be the clip ``12``."""
    rows = [
        {"clip_id": "0012", "caption": "cut it", "start": "1", "end": "2.5", "segment": ""},
        {"clip_id": "12", "caption": "fry it", "start": "", "end": "", "segment": ""},
    ]
    folder = tmp_path / "hub"
    folder.mkdir()
    reading = read("custom", write_csv(folder / "train.csv", rows).parent)
    assert captions(reading) == {("0012", 0): "cut it", ("12", 0): "fry it"}
    assert [(row["start_s"], row["end_s"]) for row in reading.clips.to_pylist()] == [(1.0, 2.5), (None, None)]


def test_a_hub_style_folder_with_several_configs(tmp_path: Path) -> None:
    for name in ("short", "long"):
        lines(tmp_path / f"{name}.jsonl", [{"text": f"a {name} one"}])
    configs = "".join(f"- config_name: {name}\n  data_files: {name}.jsonl\n" for name in ("short", "long"))
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    with pytest.raises(SourceError) as caught:
        read("custom", tmp_path)
    assert caught.value.hint == "choose one with --config: short, long"
    assert captions(read("custom", tmp_path, config="long")) == {("train-0", 0): "a long one"}


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("1 / 0")
    with pytest.raises(SourceError, match="is not read as a data set"):
        read("custom", tmp_path)


SHAPES: dict[str, tuple[str, Any, dict[tuple[str, int], str], dict[str, str]]] = {
    "COCO": (
        "captions_val2014.json",
        {
            "images": [{"id": 7, "file_name": "a.jpg"}],
            "annotations": [{"id": n, "image_id": 7, "caption": text} for n, text in enumerate(("x ", "y"))],
        },
        {("a.jpg", 0): "x", ("a.jpg", 1): "y"},
        {"a.jpg": "validation"},
    ),
    "Karpathy": (
        "dataset_coco.json",
        {"images": [{"filename": "a.jpg", "split": "restval", "sentences": [{"raw": "X. "}, {"raw": "Y"}]}]},
        {("a.jpg", 0): "X.", ("a.jpg", 1): "Y"},
        {"a.jpg": "train"},
    ),
    "dense": (
        "val_1.json",
        {"v_a": {"duration": 9.5, "timestamps": [[0, 4], [4, 9.5]], "sentences": [" X", "Y"]}},
        {("v_a_0", 0): "X", ("v_a_1", 0): "Y"},
        {"v_a_0": "validation", "v_a_1": "validation"},
    ),
    "HowTo100M": (
        "caption.json",
        {"a": {"start": [0, 4], "end": [4, 9.5], "text": ["X", "Y"]}},
        {("a_0", 0): "X", ("a_1", 0): "Y"},
        {"a_0": "train", "a_1": "train"},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_json_shapes(shape: str, tmp_path: Path) -> None:
    name, document, texts, parts = SHAPES[shape]
    reading = read("custom", write_json(tmp_path / name, document))
    assert (captions(reading), splits(reading)) == (texts, parts)


def test_the_csv_of_mil_nce(tmp_path: Path) -> None:
    rows = [{"end": end, "start": start, "task": 1, "text": text, "video_id": "v"}
            for start, end, text in ((1, 4, "x"), (1, 4, "y"))]  # fmt: skip
    reading = read("custom", write_csv(tmp_path / "validation.csv", rows))
    assert captions(reading) == {("v_0", 0): "x", ("v_1", 0): "y"}  # one segment twice: two clips, as it is counted


def test_their_names_of_splits(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"caption": "x", "split": "fold1"}, {"caption": "y", "split": ""}])
    assert splits(read("custom", path, splits={"fold1": "test"}, split="val")) == {
        "test-0": "test", "validation-0": "validation",
    }  # fmt: skip


@pytest.mark.parametrize("named", [False, True])
def test_rows_of_several_files_without_ids_are_clips_of_their_own(named: bool, tmp_path: Path) -> None:
    """Ids are counted through all files, and pass by those that a file gives itself."""
    first = [{"clip_id": "train-1", "caption": "cut the onion"}] if named else [{"caption": "cut the onion"}]
    files = [
        write_csv(tmp_path / "a.csv", first),
        write_csv(tmp_path / "b.csv", [{"caption": "boil the water"}, {"caption": "boil the water"}]),
        write_csv(tmp_path / "c.csv", [{"caption": "serve"}]),
    ]
    ids = ("train-1", "train-0", "train-2", "train-3") if named else [f"train-{number}" for number in range(4)]
    texts = ("cut the onion", "boil the water", "boil the water", "serve")
    assert captions(read("custom", *files)) == {(clip, 0): text for clip, text in zip(ids, texts, strict=True)}


def test_hub_splits_without_ids_are_clips_of_their_own(tmp_path: Path) -> None:
    hub_folder(tmp_path, "fold1", "fold2")
    reading = read("custom", tmp_path, split="train")
    assert captions(reading) == {("train-0", 0): "of fold1", ("train-1", 0): "of fold2"}


def hub_folder(folder: Path, *names: str, **row: Any) -> Path:
    """A folder whose README lists splits of these names, one row each."""
    for name in names:
        lines(folder / f"{name}.jsonl", [{"text": f"of {name}", **row}])
    splits = "".join(f"  - split: {name}\n    path: {name}.jsonl\n" for name in names)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{splits}---\n")
    return folder


def test_a_hub_split_is_known_by_a_word_of_its_name(tmp_path: Path) -> None:
    reading = read("custom", hub_folder(tmp_path, "train_9k", "test_1k"))
    assert splits(reading) == {"train-0": "train", "test-0": "test"}
    assert set(splits(read("custom", tmp_path, split="val")).values()) == {"train", "test"}  # they say it themselves


def test_a_hub_split_of_an_unknown_name_is_refused(tmp_path: Path) -> None:
    hub_folder(tmp_path, "train", "fold1")
    with pytest.raises(SourceError, match="has the split 'fold1', which says none of train, validation and") as caught:
        read("custom", tmp_path)
    assert "source_options.splits.fold1=" in caught.value.hint
    assert "--split" in caught.value.hint
    assert splits(read("custom", tmp_path, split="test")) == {"train-0": "train", "test-0": "test"}
    assert splits(read("custom", tmp_path, splits={"fold1": "val"})) == {
        "train-0": "train",
        "validation-0": "validation",
    }


def test_files_of_a_folder_that_name_no_split(tmp_path: Path) -> None:
    """`datasets` calls them train."""
    (folder := tmp_path / "test_data").mkdir()
    lines(folder / "words.jsonl", [{"text": "cut it"}])
    assert set(splits(read("custom", folder)).values()) == {"train"}
    assert set(splits(read("custom", folder, split="val")).values()) == {"validation"}


def test_rows_of_a_hub_split_may_say_theirs(tmp_path: Path) -> None:
    hub_folder(tmp_path, "all", subset="dev")
    assert splits(read("custom", tmp_path)) == {"validation-0": "validation"}
    hub_folder(tmp_path, "all", subset="")
    with pytest.raises(SourceError, match="all, row 1: the split is 'all', none of train"):
        read("custom", tmp_path)


def test_clips_without_a_caption_are_counted(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"clip_id": "a", "caption": "cut"}, {"clip_id": "b", "caption": ""}])
    assert read("custom", path, skip_bad=True).notes == ("1 clips have no caption: they are left out",)
