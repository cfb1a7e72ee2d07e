"""The report's page and pictures, whatever the runs are called."""

import json
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.evaluation.plots import labels
from multiyoucook2.retrieval.evaluation.report import write_report
from multiyoucook2.retrieval.evaluation.results import evaluation_of
from multiyoucook2.retrieval.evaluation.signature import Signature

CLIPS = [f"c{number}" for number in range(40)]
NAMES = ["a$b$c", "_hidden", "走行", "runs 🎬", "<b>bold", "_hidden$"]


def make_run(folder: Path, *, seed: int, data: str = "x@1") -> Path:
    random = np.random.default_rng(seed)
    keys = [(task, lang) for task in ("t2v", "v2t") for lang in ("en", "de")]
    ranks = {key: random.integers(1, 41, 40).astype(float) for key in keys}
    made = {(task, lang): Signature(task=task, lang=lang, data=data, pool=40) for task, lang in keys}
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
    assert {file.suffix for file in files} == {".html", ".png", ".svg"}
    assert all(file.stat().st_size > 500 for file in files)
    assert page.count("<td>chance</td>") == 2
    assert "<td>25.0</td>" in page  # R@10 of chance among 40


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
