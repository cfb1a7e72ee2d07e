"""Your own captions, refused: each fault of a file, a row or an option, with its place and a way out."""

import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multiyoucook2.errors import MyCookError, RecipeError, SourceError
from multiyoucook2.settings import validate_recipe
from multiyoucook2.sources.custom import CustomOptions

from .writing import FORMATS, captions, lines, parquet, read, write_csv, write_json


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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), kind=st.sampled_from(["csv", "tsv", "jsonl", "json", "parquet"]))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)
    with suppress(MyCookError):
        read("custom", path, skip_bad=True)


def test_an_id_that_was_made_up_for_another_row_is_refused(tmp_path: Path) -> None:
    files = [
        write_csv(tmp_path / "a.csv", [{"caption": "cut the onion"}]),
        lines(tmp_path / "b.jsonl", [{"clip_id": "train-0", "caption": "boil"}, {"clip_id": "x", "caption": "fry"}]),
    ]
    with pytest.raises(SourceError, match=r"b\.jsonl: line 1: a clip without an id was called 'train-0'"):
        read("custom", *files)
    found = captions(read("custom", *files, skip_bad=True))
    assert found == {("train-0", 0): "cut the onion", ("x", 0): "fry"}


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
