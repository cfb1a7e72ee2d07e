"""Your own captions: each format, each fault, each with its row and a way out."""

import gc
import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multiyoucook2.errors import MyCookError, RecipeError, SourceError
from multiyoucook2.settings import validate_recipe
from multiyoucook2.sources.custom import CustomOptions

from .writing import captions, read, splits, write_csv, write_json

ROWS = [
    {"id": "one", "sentence": "a cat sits", "part": "train", "from": 1.5, "to": 4},
    {"id": "two", "sentence": "a dog runs", "part": "val", "from": 2, "to": 5},
    {"id": "one", "sentence": "the cat, again", "part": "train", "from": 1.5, "to": 4},
]
COLUMNS = {"columns": {"split": "part", "start": "from", "end": "to"}}


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


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


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"database": {}}, "--recipe multi-youcook2"),
        ({"videos": [], "sentences": []}, "--recipe multi-msrvtt"),
        ([{"videoID": "a", "enCap": []}], "--recipe multi-vatex"),
        ({"a": 1}, "docs/datasets.md"),
        ([], "docs/datasets.md"),
        (3, "docs/datasets.md"),
    ],
)
def test_json_of_another_data_set_is_told_where_to_go(value: Any, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read("custom", write_json(tmp_path / "a.json", value))
    assert hint in caught.value.hint


RECORD_FAULTS = [
    ({"clip_id": "b", "caption": ""}, "the caption is empty"),
    ({"clip_id": "b", "caption": " \u200b\t"}, "the caption is empty"),
    ({"clip_id": "b", "caption": None}, "the caption is missing"),
    ({"clip_id": "b"}, "the caption is missing"),
    ({"clip_id": "b", "caption": float("nan")}, "the caption is missing"),
    ({"clip_id": "b", "caption": 3}, "the caption is 3, not a text"),
    ({"clip_id": "b", "caption": []}, "the list of captions is empty"),
    ({"clip_id": "b", "caption": [["x"]]}, 'the caption is ["x"], not a text'),
    ({"clip_id": "b", "caption": {"en": "x"}}, 'the caption is {"en": "x"}, not a text'),
    ({"clip_id": "b", "caption": "x", "start": 5, "end": 2}, "the clip ends at 2 s, not after its start at 5 s"),
    ({"clip_id": "b", "caption": "x", "start": 2, "end": 2}, "the clip ends at 2 s, not after its start at 2 s"),
    ({"clip_id": "b", "caption": "x", "start": -1, "end": 2}, "the clip starts at -1 s, before its video"),
    ({"clip_id": "b", "caption": "x", "start": 1}, "the times are 1 and null, not seconds"),
    ({"clip_id": "b", "caption": "x", "start": float("nan"), "end": 2}, "the times are NaN and 2, not seconds"),
    ({"clip_id": "b", "caption": "x", "start": "0:01", "end": 2}, "the times are '0:01' and 2, not seconds"),
    ({"clip_id": "b", "caption": "x", "start": 1, "end": 9, "duration": 8}, "the clip ends at 9 s, beyond its video"),
    ({"clip_id": "b", "caption": "x", "start": 1, "end": 9, "duration": "no"}, "the duration is 'no', not seconds"),
    ({"clip_id": "b", "caption": "x", "segment": [1]}, "the times are [1], not [start, end] in seconds"),
    ({"clip_id": "b", "caption": "x", "split": "trian"}, "the split is 'trian', none of train, validation and test"),
    ({"clip_id": "", "caption": "x"}, "the clip id is '', not a text"),
    ({"clip_id": None, "caption": "x"}, "the clip id is null, not a text"),
    ({"clip_id": "../../etc", "caption": "x"}, "the clip id '../../etc' points outside of a folder"),
    *(
        ({"clip_id": "b", "caption": "x", name: "x\ud800"}, "its video, url or category has half of a character")
        for name in ("video_id", "url", "category")
    ),
    ({"clip_id": "a\x1b[31m", "caption": "x"}, "the clip id 'a\\x1b[31m' is not a printable name"),
    ({"clip_id": "a", "caption": "x", "split": "test"}, "clip 'a' is there already with another split 'test'"),
    (["x"], "it is not a JSON object"),
]


@pytest.mark.parametrize(("record", "reason"), RECORD_FAULTS)
def test_a_wrong_record_is_named_by_its_line_or_left_out(record: Any, reason: str, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"clip_id": "a", "caption": "a cat sits"}, record])
    with pytest.raises(SourceError) as caught:
        read("custom", path)
    first, line = str(caught.value).splitlines()
    assert (first, "--skip-bad" in caught.value.hint) == (f"{path} has 1 error:", True)
    assert line.startswith(f"  line 2: {reason}")
    assert len(line) < 200
    reading = read("custom", path, skip_bad=True)
    assert captions(reading) == {("a", 0): "a cat sits"}
    assert len(reading.refused) == 1


def test_a_row_with_other_fields_than_the_header_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\nid,caption\none,"a cat,\nin two lines"\n\ntwo,a dog, runs\nthree\nx,"a "cat""\nfour,a bird\n')
    with pytest.raises(SourceError) as caught:
        read("custom", path)
    assert str(caught.value).splitlines()[1:] == [
        "  line 6: 3 fields instead of 2: a text with ',' in it needs quotes",
        "  line 7: 1 fields instead of 2: a text with ',' in it needs quotes",
        "  line 8: ',' expected after '\"': a quote within a text is doubled",
    ]
    assert captions(read("custom", path, skip_bad=True)) == {
        ("one", 0): "a cat, in two lines", ("four", 0): "a bird",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "json"])
def test_a_missing_column_names_those_that_exist(kind: str, tmp_path: Path) -> None:
    path = FORMATS[kind](tmp_path)
    with pytest.raises(SourceError) as caught:
        read("custom", path, columns={"text": "captoin"})
    assert str(caught.value) == f"{path} has no column 'captoin'; it has 'id', 'sentence', 'part', 'from', 'to'"
    assert caught.value.hint == "name the one that holds the text: --column text=NAME"


def test_no_column_of_captions_is_guessed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"id": "a", "words": "x"}])
    with pytest.raises(SourceError, match="no column of captions that is known by its name; it has 'id', 'words'"):
        read("custom", path)


def test_encodings(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [{"id": "a", "caption": "x"}, {"id": "b", "caption": "crème"}], encoding="cp1252"
    )
    with pytest.raises(SourceError, match=r"is not in utf-8: line 3 \(byte 0xe8\)") as caught:
        read("custom", path)
    assert "--encoding cp1252" in caught.value.hint
    assert captions(read("custom", path, encoding="cp1252"))["b", 0] == "crème"
    for unknown in ("latin-99", "hex"):
        with pytest.raises(SourceError, match=f"unknown encoding '{unknown}'"):
            read("custom", path, encoding=unknown)
    bad = tmp_path / "a.jsonl"
    bad.write_bytes(b'\xef\xbb\xbf{"caption": "x"}\n{"caption": "cr\xe8me"}\n')
    with pytest.raises(SourceError, match="line 2: it is not UTF-8: byte 0xe8"):
        read("custom", bad)
    document = tmp_path / "a.json"
    document.write_bytes(b'[\n{"caption": "cr\xe8me"}]')
    with pytest.raises(SourceError, match=r"is not UTF-8: byte 17 is 0xe8 \(line 2\)"):
        read("custom", document)


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16-le"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(encoding: str | None, tmp_path: Path) -> None:
    """Else a file whose encoding was named would lose its clip ids, and each row become a clip of its own."""
    path = tmp_path / "a.csv"
    path.write_text('\ufeff"clip_id",caption\na,x\na,y\n', encoding=encoding or "utf-8")
    assert captions(read("custom", path, encoding=encoding)) == {("a", 0): "x", ("a", 1): "y"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"caption,caption\nx,y\n", "has the column 'caption' twice"),
        ("a.csv", b"x" * 200_000, "its first line has over 100,000 characters"),
        ("a.csv", bytes(200_000), "its first line has over 100,000 characters"),
        ("a.csv", b"caption,id\n", "holds no captions"),
        ("a.csv", b'caption,id\nx,a\n"y,b\nz,c\n', "the quote that is opened on line 3 is never closed"),
        ("a.jsonl", b"\n\n", "has no JSON object"),
        ("a.parquet", b"PAR1 no", "is no readable Parquet file"),
        ("a.json", b"[{]", "is not JSON: line 1, column 3"),
        ("a.json", b'[{"caption": "x", "caption": "y"}]', "'caption': this key is there twice"),
        ("a.docx", b"x", "is of no known kind"),
        ("a.jsonl", '{"caption": "x"}'.encode("utf-16"), "line 1: it is not UTF-8: byte 0xff"),
        ("a.csv", b"caption\nnan\n", "line 2: the caption is 'nan', which stands for none"),
        ("a.json", b'{"images": [{"id": [7]}], "annotations": [{"image_id": [7], "caption": "x"}]}', "names no image"),
    ],
)
def test_files_that_are_no_captions(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read("custom", path)


def test_an_open_quote_does_not_swallow_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiyoucook2.sources.formats.delimited._LONGEST_FIELD", 1000)
    path = tmp_path / "a.csv"
    path.write_text('caption\nx\n"open\n' + "y\n" * 2000)
    with pytest.raises(SourceError, match="is no table of texts from line 3 on: field larger than field limit"):
        read("custom", path)


def test_a_parquet_file_that_was_cut_off_gives_nothing(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [{"caption": f"text {number}"} for number in range(50_000)])
    data = path.read_bytes()
    path.write_bytes(data[:2000] + bytes(len(data) - 4000) + data[-2000:])
    with pytest.raises(SourceError, match=r"is damaged after row|is no readable Parquet"):
        read("custom", path)


def test_options_that_cannot_be() -> None:
    with pytest.raises(RecipeError, match="unknown field 'txt'") as caught:
        validate_recipe(CustomOptions, {"columns": {"txt": "a"}}, "source_options")
    assert "text" in caught.value.hint
    for options, message in (
        ({"split": "dev-clean"}, "'dev-clean' is none of"),
        ({"language": "xq"}, "unknown language"),
    ):
        with pytest.raises(RecipeError, match=message):
            validate_recipe(CustomOptions, options, "source_options")


def test_their_names_of_splits(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"caption": "x", "split": "fold1"}, {"caption": "y", "split": ""}])
    assert splits(read("custom", path, splits={"fold1": "test"}, split="val")) == {
        "test-0": "test", "validation-0": "validation",
    }  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), kind=st.sampled_from(["csv", "tsv", "jsonl", "json", "parquet"]))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)
    with suppress(MyCookError):
        read("custom", path, skip_bad=True)


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


def test_an_id_that_was_made_up_for_another_row_is_refused(tmp_path: Path) -> None:
    files = [
        write_csv(tmp_path / "a.csv", [{"caption": "cut the onion"}]),
        lines(tmp_path / "b.jsonl", [{"clip_id": "train-0", "caption": "boil"}, {"clip_id": "x", "caption": "fry"}]),
    ]
    with pytest.raises(SourceError, match=r"b\.jsonl: line 1: a clip without an id was called 'train-0'"):
        read("custom", *files)
    found = captions(read("custom", *files, skip_bad=True))
    assert found == {("train-0", 0): "cut the onion", ("x", 0): "fry"}


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


LATE = [
    ({"split": "test"}, "it has 'split', which none of the first 1,000 has"),
    ({"clip_id": "zz"}, "it has 'clip_id', which none of the first 1,000 has"),
    ({"start_s": 1, "end_s": 2}, "it has 'start_s', which none of the first 1,000 has"),
    ({"split": None, "id": 7, "notes": "x", "description": "y"}, None),  # beside a video id, id names no clip
]


@pytest.mark.parametrize("kind", ["jsonl", "json"])
@pytest.mark.parametrize(("late", "reason"), LATE)
def test_a_field_that_comes_late_is_not_overlooked(
    kind: str, late: dict[str, Any], reason: str | None, tmp_path: Path
) -> None:
    rows = [{"video_id": f"v{number}", "caption": f"text {number}"} for number in range(1000)]
    last = {"video_id": "late", "caption": "z", **late}
    path = (lines if kind == "jsonl" else write_json)(tmp_path / f"a.{kind}", [*rows, last])
    if reason is None:
        assert captions(read("custom", path))["late", 0] == "z"
        return
    with pytest.raises(SourceError, match=f"{'line 1001' if kind == 'jsonl' else 'entry 1000'}: {reason}"):
        read("custom", path)
    reading = read("custom", path, skip_bad=True)
    assert (reading.clips.num_rows, len(reading.refused)) == (1000, 1)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz", "a.json.gz"])
def test_a_packed_file_is_to_be_unpacked(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b'{"caption": "cut it"}\n' * 100))
    with pytest.raises(SourceError, match=r"is packed with gzip, and is no tar\.gz archive") as caught:
        read("custom", path)
    assert f"gunzip --keep {name}" in caught.value.hint


def test_clips_without_a_caption_are_counted(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"clip_id": "a", "caption": "cut"}, {"clip_id": "b", "caption": ""}])
    assert read("custom", path, skip_bad=True).notes == ("1 clips have no caption: they are left out",)
