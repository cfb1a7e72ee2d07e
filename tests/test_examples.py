"""Which clips a build shows."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.cli import printing
from multiyoucook2.cli.examples import Examples, example_rows

Rows = list[tuple[str, str, float | None, bool]]  # clip, origin, quality, accepted


def data_set(root: Path, splits: dict[str, list[str]], langs: dict[str, Rows], by_person: str = "") -> Path:
    for split, clips in splits.items():
        (root / "all").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"clip_id": clips, "flags": [[split]] * len(clips)}), root / "all" / f"{split}.parquet")
        for lang, rows in langs.items():
            columns = list(zip(*(row for row in rows if row[0] in clips), strict=True))
            names = ("clip_id", "origin", "quality", "accepted")
            (root / lang).mkdir(exist_ok=True)
            reviewed = {"reviewed": [row[0] in by_person for row in rows if row[0] in clips]}
            table = pa.table({**dict(zip(names, columns, strict=True)), **reviewed})
            pq.write_table(table, root / lang / f"{split}.parquet")
    return root


def test_the_first_good_clips_are_shown_and_counted(tmp_path: Path) -> None:
    """a is poor in Japanese, b refused in German, d's second caption is poor; c, e and f are good."""
    german: Rows = [
        ("a", "machine", 0.9, True), ("b", "machine", 0.9, False), ("c", "human", None, True),
        ("d", "machine", 0.9, True), ("d", "machine", 0.2, True), ("e", "machine", 0.5, True),
        ("f", "machine", 0.7, True),
    ]  # fmt: skip
    japanese: Rows = [(clip, "machine", 0.1 if clip == "a" else 0.8, True) for clip in "abcdef"]
    root = data_set(tmp_path, {"train": ["a", "b", "c"], "validation": ["d", "e", "f"]}, {"de": german, "ja": japanese})

    def shown(count: int, *langs: str) -> tuple[list[str], int]:
        found = example_rows(root, langs, count)
        return [row["clip_id"] for row in found.rows], found.good

    assert shown(2, "de", "ja") == (["e", "f"], 3)  # validation first
    assert shown(3, "de", "ja") == (["e", "f", "c"], 3)
    assert shown(5, "de", "ja") == (["e", "f", "c", "d", "a"], 3)  # then the first others
    assert shown(9, "ja") == (["d", "e", "f", "b", "c", "a"], 5)
    assert shown(1) == (["d"], 0)  # the source language alone
    assert example_rows(root, ["de"], 1).rows == [{"clip_id": "e", "flags": ["validation"]}]


def test_without_an_estimate_no_clip_is_called_good(tmp_path: Path) -> None:
    root = data_set(
        tmp_path, {"train": ["a", "b"]}, {"de": [("a", "machine", None, True), ("b", "machine", None, True)]}
    )
    assert example_rows(root, ["de"], 1).good == 0


def test_what_a_person_confirmed_is_good(tmp_path: Path) -> None:
    """Reviewed rows have no estimate; of them the accepted ones are good."""
    rows: Rows = [("a", "machine", None, False), ("b", "machine", None, True), ("c", "machine", None, True)]
    root = data_set(tmp_path, {"train": ["a", "b", "c"]}, {"de": rows}, by_person="ab")
    found = example_rows(root, ["de"], 1)
    assert ([row["clip_id"] for row in found.rows], found.good) == (["b"], 1)


@pytest.mark.parametrize(("good", "which"), [(2, "the first of them"), (1, "these and the first others")])
def test_the_line_above_them_says_what_they_are(
    good: int, which: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row: dict[str, Any] = {"clip_id": "a", "start_s": None, "captions": {"en": "chop"}, "flags": []}
    monkeypatch.setattr(printing, "example_rows", lambda *_: Examples([row, row], good))
    report = {"languages": {}, "clips": {"clips": 9, "refused": 0}}
    made: Any = SimpleNamespace(dataset=None, content_hash="abc", report=report)
    printing.build_result(made, as_json=False, show=2)
    how = "by a person or with a quality of 0.5 or more"
    assert f"{good} of 9 clips are accepted in every language, {how}; {which}:\n" in capsys.readouterr().out
