"""Strict readers: one error that names the file, whatever is wrong with it."""

import os
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import Field

from multiyoucook2.cli.tables import print_json
from multiyoucook2.errors import FeatureError, WorkspaceError
from multiyoucook2.files import (
    Record,
    json_bytes,
    open_regular,
    read_arrow,
    read_bytes,
    read_json,
    read_parquet,
    read_text,
)
from multiyoucook2.files.reading import parse_json


class Row(Record):
    name: str
    count: Annotated[int, Field(ge=0)]
    share: float = 0.0


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"name": "a"}', "count: Field required"),
        ('{"name": "a", "count": "1"}', "count: Input should be a valid integer"),
        ('{"name": "a", "count": -1}', "count: Input should be greater"),
        ('{"name": "a", "count": 1, "share": NaN}', "no JSON"),
        ('{"name": "\\ud800", "count": 1}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"name": "a", "count": 1', "no JSON"),
        ("", "no JSON"),
        ("[]", "an object"),
        ('{"name": "a", "count": 1e400}', "count"),
    ],
)
def test_json_of_a_wrong_kind_is_one_line(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(FeatureError, match=wrong) as caught:
        read_json(tmp_path / "f.json", Row, error=FeatureError, hint="make it again")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
    assert caught.value.hint == "make it again"


def test_sound_json_is_a_value(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"name": "ü", "count": 3, "more": [1]}')
    assert read_json(tmp_path / "f.json", Row) == Row(name="ü", count=3)
    assert read_json(tmp_path / "f.json", dict[str, object])["more"] == [1]


def test_pipes_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(WorkspaceError, match="not a file"):
            open_regular(path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nowhere")
    with pytest.raises(WorkspaceError, match="no path"):
        open_regular(Path("a\0b"))


def test_what_is_no_number_is_written_so_that_it_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"mean": float("nan"), "interval": (1.5, float("inf")), "rows": [{"low": float("-inf")}, 3, True, "NaN"]}
    (tmp_path / "f.json").write_bytes(json_bytes(found))
    read = read_json(tmp_path / "f.json", dict[str, Any])
    assert read == {"mean": None, "interval": [1.5, None], "rows": [{"low": None}, 3, True, "NaN"]}
    print_json(found)
    assert parse_json(capsys.readouterr().out, dict[str, Any], "stdout") == read


def test_size_and_encoding_are_checked(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfab\xff")
    with pytest.raises(WorkspaceError, match="more than 0 MB"):
        read_bytes(tmp_path / "f", limit=3)
    with pytest.raises(WorkspaceError, match="byte 5 is 0xff"):
        read_text(tmp_path / "f")


def test_tables_have_their_columns_and_types(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    pq.write_table(table, tmp_path / "t.parquet")
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    columns = {"a": pa.int64()}
    assert read_parquet(tmp_path / "t.parquet", columns).to_pydict() == {"a": [1, 2]}
    assert read_parquet(tmp_path / "t.parquet", ["b"]).column_names == ["b"]
    assert read_arrow(tmp_path / "t.arrow", columns).to_pydict() == {"a": [1, 2]}
    for read, path in ((read_parquet, tmp_path / "t.parquet"), (read_arrow, tmp_path / "t.arrow")):
        with pytest.raises(WorkspaceError, match="is int64, not string"):
            read(path, {"a": pa.string()})
        with pytest.raises(WorkspaceError, match="no column 'c'"):
            read(path, {"c": pa.string()})
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(WorkspaceError, match="is damaged"):
            read(path, columns)
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "nowhere", columns)


def test_text_that_is_no_utf8_is_found_in_a_table(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    pq.write_table(pa.table({"a": bad}), tmp_path / "t.parquet")
    with pytest.raises(WorkspaceError, match="UTF8"):
        read_parquet(tmp_path / "t.parquet", ["a"])
