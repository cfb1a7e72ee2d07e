"""Tables of systems, with figures and intervals worked out by hand or slowly."""

import json
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.evaluation.results import evaluation_of
from multiyoucook2.retrieval.evaluation.signature import Signature
from multiyoucook2.retrieval.evaluation.table import rendered, table_of

CLIPS = [f"c{number}" for number in range(20)]


def make_run(folder: Path, ranks: dict[str, list[float]], *, seed: int, lr: float = 0.1) -> Path:
    found = {("t2v", lang): np.array(values) for lang, values in ranks.items()}
    made = {key: Signature(task="t2v", lang=key[1], data="x@1", pool=20) for key in found}
    evaluation_of(found, made, clip_ids=CLIPS, resamples=0).save(folder)
    recipe = {"name": "tt", "seed": seed, "lr": lr}
    about = {"recipe": recipe, "identity": {"recipe": recipe, "languages": ["en"], "data": "1", "features": "2"}}
    (folder / "run.json").write_text(json.dumps(about | {"finished": True}))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """A system with two seeds, of R@10 50 and 100, and one with one seed, of 0."""
    half = {"en": [1.0] * 10 + [20.0] * 10, "de": [1.0] * 10 + [20.0] * 10}
    return [
        make_run(tmp_path / "tt-seed0", half, seed=0),
        make_run(tmp_path / "tt-seed1", {"en": [1.0] * 20, "de": [1.0] * 20}, seed=1),
        make_run(tmp_path / "other_50%", {"en": [20.0] * 20, "de": [20.0] * 20}, seed=0, lr=0.5),
    ]


def test_seeds_are_replicates_of_one_system(runs: list[Path]) -> None:
    systems, chance = table_of(runs, task="t2v", measure="recall_at_10", resamples=400)
    assert [(one.name, one.seeds) for one in systems] == [("tt", (0, 1)), ("other_50%", (0,))]
    cell = systems[0].cells["mean"]
    assert cell.value == 75
    assert cell.deviation == pytest.approx(50 / np.sqrt(2))
    assert set(systems[0].cells) == {"en", "de", "mean", "mean-not-en"}
    assert systems[1].cells["en"].value == systems[1].cells["en"].high == 0
    assert chance == {"recall_at_10": 50}


def test_intervals_cover_seeds_and_clips(runs: list[Path]) -> None:
    """Against draws made one by one: a seed, then clips, the same clips for every seed that is drawn."""
    cell = table_of(runs, task="t2v", measure="recall_at_10", resamples=4000)[0][0].cells["en"]
    random, drawn = np.random.default_rng(5), []
    hits = np.array([[100.0] * 10 + [0.0] * 10, [100.0] * 20])
    for _ in range(4000):
        clips = random.integers(0, 20, 20)
        drawn.append(np.mean([hits[seed, clips].mean() for seed in random.integers(0, 2, 2)]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (cell.low, cell.high) == pytest.approx((low, high), abs=3)
    alone = table_of(runs[:1], task="t2v", measure="recall_at_10")[0][0].cells["en"]
    assert alone.high - alone.low < cell.high - cell.low  # one seed says nothing of other seeds


def test_formats(runs: list[Path]) -> None:
    systems, chance = table_of(runs, task="t2v", measure="recall_at_10")
    markdown = rendered(systems, chance["recall_at_10"], style="markdown").splitlines()
    assert markdown[0] == "| system | seeds | en | de | mean | mean-not-en |"
    assert markdown[-1].startswith("| chance |  | 50.0 |")
    latex = rendered(systems, None, style="latex")
    assert r"other\_50\% & 1 &" in latex
    assert latex.count(r"\\") == 3
    assert rendered(systems, None, style="csv").splitlines()[1].startswith("tt,2,en,75.0000,35.3553,")
    with pytest.raises(TrainingError, match="unknown format 'word'"):
        rendered(systems, None, style="word")


def test_what_cannot_stand_in_a_table(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="needs a run"):
        table_of([], task="t2v", measure="recall_at_1")
    with pytest.raises(TrainingError, match="no language in common for v2t"):
        table_of(runs, task="v2t", measure="recall_at_1")
    with pytest.raises(TrainingError, match="is not evaluated"):
        table_of([tmp_path / "nowhere"], task="t2v", measure="recall_at_1")
