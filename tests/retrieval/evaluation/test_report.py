"""The report's page and pictures, whatever the runs are called."""

import json
from math import comb
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.evaluation.plots import labels
from multiyoucook2.retrieval.evaluation.report import write_report
from multiyoucook2.retrieval.evaluation.results import chance, evaluation_of
from multiyoucook2.retrieval.evaluation.signature import Signature

CLIPS = [f"c{number}" for number in range(40)]
NAMES = ["a$b$c", "_hidden", "走行", "runs 🎬", "<b>bold", "_hidden$"]


def make_run(folder: Path, *, seed: int, data: str = "x@1", texts: int = 0) -> Path:
    random = np.random.default_rng(seed)
    keys = [(task, lang) for task in ("t2v", "v2t") for lang in ("en", "de")]
    ranks = {key: random.integers(1, 41, 40).astype(float) for key in keys}
    made = {
        (task, lang): Signature(task=task, lang=lang, data=data, pool=40, candidates=texts if task == "v2t" else 0)
        for task, lang in keys
    }
    evaluation_of(ranks, made, clip_ids=CLIPS, resamples=20).save(folder)
    lines = [{"kind": "step", "step": step, "loss": 3.0 / step} for step in (1, 2, 3)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_any_name_of_a_run_can_be_drawn(tmp_path: Path) -> None:
    """Warnings are errors here: a letter that the font lacks, or a formula that is none, would be one."""
    runs = [make_run(tmp_path / name, seed=seed) for seed, name in enumerate(NAMES)]
    files = write_report(runs, tmp_path / "out")
    page = files[0].read_text()
    for name in ("a$b$c", "_hidden", "走行", "runs 🎬", "&lt;b&gt;bold"):
        assert name in page
    assert {file.suffix for file in files} == {".html", ".png", ".svg", ".pdf"}
    assert all(file.stat().st_size > 500 for file in files)
    assert page.count(">chance</td>") == 2
    assert "<td>25.0</td>" in page  # R@10 of chance among 40
    assert page.index("<table>") < page.index("<img") < page.index("<code>")
    assert page.count("pool:40") == 1  # what all signatures agree in stands there once


def test_chance_among_texts_of_which_several_answer(tmp_path: Path) -> None:
    """From video to text, where each of 40 clips has ten captions, any of its ten will do."""
    page = write_report([make_run(tmp_path / "run", seed=0, texts=400)], tmp_path / "out")[0].read_text()
    rows = [row.split("</tr>")[0] for row in page.split(">chance</td>")[1:]]
    assert ["25.0" in row for row in rows] == [True, False]
    assert f"<td>{100 * (1 - comb(390, 10) / comb(400, 10)):.1f}</td>" in rows[1]
    found = chance(5, 10)  # none of the first k: 8/10, 28/45, 56/120
    assert [found[f"recall_at_{level}"] for level in (1, 5, 10)] == pytest.approx([20, 100 * (1 - 56 / 252), 100])
    assert found["median_rank"] == 3
    assert [chance(size)["median_rank"] for size in (1, 2, 40, 41)] == [1, 1.5, 20.5, 21]


def test_labels_differ_where_names_do() -> None:
    found = labels(NAMES)
    assert len(set(found)) == len(NAMES)
    assert not any(label.startswith("_") for label in found)
    assert r"\$" in found[0]


def test_runs_that_cannot_be_compared_share_no_page(tmp_path: Path) -> None:
    one, other = make_run(tmp_path / "a", seed=0), make_run(tmp_path / "b", seed=1, data="y@2")
    with pytest.raises(TrainingError, match="not scored over the same: data is y@2 and x@1"):
        write_report([one, other], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_may_be_chance_is_marked(tmp_path: Path) -> None:
    """Of 40 clips, one run finds all and the other none; a third is the first again."""
    runs = [make_run(tmp_path / name, seed=seed) for seed, name in enumerate("abc")]
    for run, rank in zip(runs, (30.0, 1.0, 30.0), strict=True):
        keys = [(task, lang) for task in ("t2v", "v2t") for lang in ("en", "de")]
        made = {(task, lang): Signature(task=task, lang=lang, data="x@1", pool=40) for task, lang in keys}
        evaluation_of({key: np.full(40, rank) for key in keys}, made, clip_ids=CLIPS, resamples=20).save(run)
    page = write_report(runs, tmp_path / "out")[0].read_text()
    assert "<td>+100.0* [+100.0, +100.0]</td>" in page
    assert "<td>+0.0 [+0.0, +0.0]</td>" in page
    assert "difference from a;" in page


def test_teachers_stand_beside_their_student(tmp_path: Path) -> None:
    student, teacher = make_run(tmp_path / "student", seed=0), make_run(tmp_path / "teachers/t", seed=1)
    other = make_run(tmp_path / "teachers/u", seed=1, data="y@2")  # scored over something else
    about = {"recipe": {}, "teachers": [str(teacher), str(other), str(tmp_path / "gone")]}
    (student / "run.json").write_text(json.dumps(about))
    page = write_report([student], tmp_path / "out")[0].read_text()
    assert "teacher t" in page
    assert "teacher u" not in page
    assert "difference from student;" in page
