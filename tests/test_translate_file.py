"""``mycook translate IN OUT``: chunks in, columns out, resumed after a stop, wrong rows named."""

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import MyCook

from multiyoucook2.building import tables
from multiyoucook2.building.tables import FileTranslation, translate_file
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import SourceError, WorkspaceError
from multiyoucook2.files import atomic_write, lock

FAST = Decoding(beam_size=1, max_length_factor=1.0, max_length_extra=4, batch_tokens=512, retry=False)  # type: ignore[call-arg]
ROWS: list[dict[str, Any]] = [
    {"id": number, "text": text, "extra": [number]}
    for number, text in enumerate(["cut the onion", None, "fry it", "cut the onion", "", "mix two eggs", "stir"])
]


def job(source: Path, model: Path, langs: tuple[str, ...] = ("de", "ja"), **changes: Any) -> FileTranslation:
    engines = [resolve(str(model), lang, cache_dir=source.parent, offline=True) for lang in langs]
    values = {"column": "text", "engines": engines, "decoding": FAST, "device": "cpu", "threads": 1, "chunk": 3}
    return FileTranslation(source, source.with_name(f"out{source.suffix}"), **{**values, **changes})


def write(path: Path, rows: list[Any]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_columns_are_added_and_rows_stay_as_they_are(kind: str, tiny_model: Path, tmp_path: Path) -> None:
    work = job(write(tmp_path / f"in.{kind}", ROWS), tiny_model)
    assert translate_file(work) == len(ROWS)
    found = read(work.target)
    assert [{name: row[name] for name in ("id", "text", "extra")} for row in found] == ROWS
    for row in found:
        for lang in ("de", "ja"):
            assert (row[f"text_{lang}"] is None) == (row[f"text_{lang}_score"] is None) == (not row["text"])
            assert (row[f"text_{lang}_flags"] is None) == (not row["text"])
    assert not work.work.exists()
    if kind == "parquet":
        assert pq.read_metadata(work.target).num_row_groups == 3


def test_a_table_without_rows_has_the_columns_all_the_same(tiny_model: Path, tmp_path: Path) -> None:
    for name, rows in (("some", ROWS[:1]), ("none", [])):
        pq.write_table(pa.Table.from_pylist(rows, pa.schema({"text": pa.string()})), tmp_path / f"{name}.parquet")
    some, none = (
        replace(job(tmp_path / f"{name}.parquet", tiny_model, langs=("de",)), target=tmp_path / f"{name}_out.parquet")
        for name in ("some", "none")
    )
    assert (translate_file(some), translate_file(none)) == (1, 0)
    assert pq.read_schema(none.target) == pq.read_schema(some.target)
    assert "text_de_flags" in pq.read_schema(none.target).names


def test_a_stopped_run_goes_on_after_its_last_part(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = job(write(tmp_path / "straight.parquet", ROWS), tiny_model)
    translate_file(straight)
    expected = straight.target.read_bytes()
    straight.target.unlink()
    work = job(write(tmp_path / "in.parquet", ROWS), tiny_model)
    translated, calls = tables._translated, []

    def stopping(texts: Any, *arguments: Any) -> Any:
        calls.append(list(texts))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return translated(texts, *arguments)

    monkeypatch.setattr(tables, "_translated", stopping)
    with pytest.raises(KeyboardInterrupt):
        translate_file(work)
    assert not work.target.exists()
    translate_file(work)
    assert calls == [["cut the onion", None, "fry it"], *[["cut the onion", "", "mix two eggs"]] * 2, ["stir"]]
    assert work.target.read_bytes() == expected


def test_a_full_disk_is_named_and_the_run_goes_on_from_there(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = job(write(tmp_path / "straight.jsonl", ROWS), tiny_model, langs=("de",))
    translate_file(straight)
    expected = straight.target.read_bytes()
    straight.target.unlink()
    work = job(write(tmp_path / "in.jsonl", ROWS), tiny_model, langs=("de",))

    def full(path: Path, content: bytes) -> None:
        if path.name.startswith("part-000001"):
            raise OSError(errno.ENOSPC, "No space left on device")
        atomic_write(path, content)

    monkeypatch.setattr(tables, "atomic_write", full)
    with pytest.raises(WorkspaceError, match=rf"no space left while writing {work.target}"):
        translate_file(work)
    monkeypatch.undo()
    kept = next(work.work.glob("part-000000-*")).stat().st_mtime_ns
    monkeypatch.setattr(tables, "_clear", lambda folder: None)
    translate_file(work)
    assert next(work.work.glob("part-000000-*")).stat().st_mtime_ns == kept
    assert work.target.read_bytes() == expected


def test_other_settings_start_afresh(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "in.jsonl", ROWS)
    monkeypatch.setattr(tables, "_put", lambda joined, target: None)
    monkeypatch.setattr(tables, "_clear", lambda work: None)
    translate_file(job(path, tiny_model))
    monkeypatch.undo()
    work = job(path, tiny_model, langs=("de",))
    assert list(work.work.glob("part-*"))
    translate_file(work)
    assert "text_ja" not in read(work.target)[0]


FAULTS: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("in.parquet", ROWS, {"column": "txt"}, "has no column 'txt'; it has 'id', 'text', 'extra'"),
    ("in.parquet", ROWS, {"column": "id"}, "column 'id' of .* holds int64, not texts"),
    ("in.jsonl", ROWS, {"column": "txt"}, "has no column 'txt' on line 1; it has 'id', 'text', 'extra'"),
    ("in.jsonl", [*ROWS, {"text": 3}], {}, "line 8: 'text' is 3, not a text"),
    ("in.jsonl", [*ROWS, {"text": "x \ud800"}], {}, "line 8: 'text' has half of a character"),
    ("in.jsonl", [*ROWS, [1]], {}, "line 8: it is not a JSON object"),
    ("in.parquet", [{"text": "x", "text_de": "y"}], {}, "has a column text_de already"),
    ("in.parquet", [{"text": "x", "text_de_score": 1.0}], {}, "has a column text_de_score already"),
    ("in.jsonl", [*ROWS, {"text": "x", "text_ja_flags": []}], {}, "has a column text_ja_flags already on line 8"),
    ("in.csv", [], {}, "is no Parquet or JSON Lines file"),
]


@pytest.mark.parametrize(("name", "rows", "changes", "message"), FAULTS)
def test_faults(
    name: str, rows: list[Any], changes: dict[str, Any], message: str, tiny_model: Path, tmp_path: Path
) -> None:
    work = job(write(tmp_path / name, rows), tiny_model, **changes)
    with pytest.raises(SourceError, match=message):
        translate_file(work)
    assert not work.target.exists()


def test_lines_as_others_write_them(tiny_model: Path, tmp_path: Path) -> None:
    """A mark in front, empty lines, numbers of any size, and what UTF-8 cannot write in another field."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"text": "x", "n": 123456789012345678901234567890}\n\n{"text": null, "s": "\\ud800"}\n'
    )
    work = job(path, tiny_model)
    assert translate_file(work) == 2
    first, second = map(json.loads, work.target.read_text(encoding="utf-8").splitlines())
    assert (first["n"], second["s"], second["text_de"]) == (123456789012345678901234567890, "\ud800", None)


def test_files_that_are_none(tiny_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "in.parquet"
    broken.write_bytes(b"PAR1 no")
    with pytest.raises(SourceError, match="is no readable Parquet file"):
        translate_file(job(broken, tiny_model))
    lines = tmp_path / "in.jsonl"
    lines.write_text('{"text": "x"}\nnope\n')
    with pytest.raises(SourceError, match="line 2: it is not JSON"):
        translate_file(job(lines, tiny_model))
    with pytest.raises(SourceError, match="does not exist"):
        translate_file(job(tmp_path / "none.jsonl", tiny_model))
    same = job(write(tmp_path / "out.jsonl", ROWS), tiny_model)
    with pytest.raises(SourceError, match="is not another file"):
        translate_file(same)
    same.source.unlink()
    work = job(write(tmp_path / "in.jsonl", ROWS), tiny_model)
    work.work.mkdir()
    (work.work / "memory").mkdir()
    (work.work / "memory" / "thesis.txt").write_text("mine")
    for name, content in (("joined", ""), ("theirs", ""), ("about.json", "{"), ("about.json", f'"{"0" * 64}"\n')):
        (work.work / name).write_text(content)
        before = sorted(work.work.rglob("*"))
        with pytest.raises(SourceError, match="is in the way, and not ours"):
            translate_file(work)
        assert sorted(work.work.rglob("*")) == before
    other = replace(work, target=tmp_path / "other.jsonl")
    other.work.write_text("mine")
    with pytest.raises(SourceError, match="is in the way, and not ours"):
        translate_file(other)


def test_of_two_runs_one_writes_a_file(tiny_model: Path, tmp_path: Path) -> None:
    """The second would clear the finished parts of the first, whose languages are others."""
    work = job(write(tmp_path / "in.jsonl", ROWS), tiny_model, langs=("de",))
    with lock(work.work, "file"), pytest.raises(WorkspaceError, match=r"out\.jsonl\.work is in use by process"):
        translate_file(work)
    assert translate_file(work) == len(ROWS)  # a lock that a killed process left is none
    assert not work.work.exists()


def test_what_is_there_is_not_replaced(tiny_model: Path, tmp_path: Path) -> None:
    work = job(write(tmp_path / "in.jsonl", ROWS), tiny_model)
    work.target.write_text("mine")
    with pytest.raises(WorkspaceError, match=r"out\.jsonl is there already, and is not replaced"):
        translate_file(work)
    assert work.target.read_text() == "mine"


def test_on_the_command_line(mycook: MyCook, tmp_path: Path) -> None:
    path = write(tmp_path / "in.parquet", ROWS)
    done = mycook("translate", path, tmp_path / "out.parquet", "--langs", "de", "--engine", "mini", "--json")
    assert json.loads(done.stdout)["rows"] == len(ROWS)
    assert read(tmp_path / "out.parquet")[0]["text_de"] == "die Zwiebel schneiden"
    assert "into languages" in mycook("translate", path, tmp_path / "out.parquet", code=1).stderr
    done = mycook("translate", path, tmp_path / "o.parquet", "--langs", "German", "--source-lang", "de", code=1)
    assert "the texts are in 'de' already" in done.stderr
