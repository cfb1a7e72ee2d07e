"""Tables of systems, with figures and intervals worked out by hand or slowly."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.evaluation.results import evaluation_of
from multiyoucook2.retrieval.evaluation.signature import Signature
from multiyoucook2.retrieval.evaluation.table import gains, table_of
from multiyoucook2.retrieval.evaluation.table_text import deviating, rendered

CLIPS = [f"c{number}" for number in range(20)]


def make_run(folder: Path, ranks: dict[str, list[float]], *, seed: int, lr: float = 0.1, **made_with: Any) -> Path:
    found = {("t2v", lang): np.array(values) for lang, values in ranks.items()}
    made = {key: Signature(task="t2v", lang=key[1], data="x@1", pool=20, **made_with) for key in found}
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
    found = table_of(runs, task="t2v", measure="recall_at_10", resamples=400)
    systems = found.systems
    assert [(one.name, one.seeds) for one in systems] == [("tt", (0, 1)), ("other_50%", (0,))]
    cell = systems[0].cells["mean"]
    assert cell.value == 75
    assert cell.deviation == pytest.approx(50 / np.sqrt(2))
    assert set(systems[0].cells) == {"en", "de", "mean", "mean-not-en"}
    assert systems[1].cells["en"].value == systems[1].cells["en"].high == 0
    assert systems[1].cells["en"].deviation is None  # one seed deviates from nothing, which is not 0
    assert (deviating(cell), deviating(systems[1].cells["en"])) == ("75.0 ± 35.4", "0.0")
    assert found.chance == pytest.approx(50)
    assert found.published == {}


def test_intervals_cover_seeds_and_clips(tmp_path: Path) -> None:
    """Against draws made one by one: of clips, the same for every seed, and of the mean of seeds, Student's."""
    ranks = [[1.0] * hit + [20.0] * (20 - hit) for hit in (9, 10, 11)]
    runs = [make_run(tmp_path / f"seed{seed}", {"en": of}, seed=seed) for seed, of in enumerate(ranks)]
    cell = table_of(runs, task="t2v", measure="recall_at_10", resamples=4000).systems[0].cells["en"]
    random, drawn = np.random.default_rng(5), []
    hits = 100.0 * (np.array(ranks) <= 10)
    half = 4.303 * hits.mean(1).std(ddof=1) / np.sqrt(3)
    for _ in range(4000):
        clips = random.integers(0, 20, 20)
        drawn.append(hits[:, clips].mean() + random.normal(0, half / 1.96))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (cell.low, cell.high) == pytest.approx((low, high), abs=2)
    alone = table_of(runs[:1], task="t2v", measure="recall_at_10").systems[0].cells["en"]
    assert alone.high - alone.low < cell.high - cell.low  # one seed says nothing of other seeds


def test_a_seed_counts_once(runs: list[Path], tmp_path: Path) -> None:
    """A run that is given twice, or a copy of it, is no further evidence."""
    shutil.copytree(runs[1], tmp_path / "copy")
    for given, named in (([runs[0], runs[0]], "tt-seed0"), ([*runs, tmp_path / "copy"], "copy")):
        for made in (table_of, gains):
            with pytest.raises(TrainingError, match=rf"{named} are one system under the same seed, \d") as error:
                made(given, task="t2v", measure="recall_at_10")
            assert error.value.hint == "leave one of them out"


def test_seeds_pair_in_whatever_order_they_are_given(runs: list[Path], tmp_path: Path) -> None:
    ranks = {"en": [1.0] * 10 + [20.0] * 10, "de": [1.0] * 10 + [20.0] * 10}
    runs.append(make_run(tmp_path / "other-seed1", ranks, seed=1, lr=0.5))  # 50 better than its seed 0, as tt's is
    assert table_of(runs[::-1], task="t2v", measure="recall_at_10").systems[0].seeds == (0, 1)
    for order in (runs, [runs[1], runs[0], *runs[2:]]):
        gain = gains(order, task="t2v", measure="recall_at_10")["other_50%"]["en"]
        assert gain.value == -50
        assert gain.high < 0  # both gain 50 from seed 0 to seed 1, so that the seeds leave nothing in doubt


def test_formats(runs: list[Path]) -> None:
    found = table_of(runs, task="t2v", measure="recall_at_10")
    markdown = rendered(found, style="markdown").splitlines()
    assert markdown[0] == "| system | seeds | en | de | mean | mean-not-en |"
    assert markdown[-1].startswith("| chance |  | 50.0 |")
    latex = rendered(replace(found, chance=None), style="latex")
    assert r"other\_50\% & 1 &" in latex
    assert latex.count(r"\\") == 3
    csv = rendered(found, style="csv").splitlines()
    assert csv[1].startswith("tt,2,en,75.0000,35.3553,")
    assert csv[5].startswith("other_50%,1,en,0.0000,,0.0000,")
    assert csv[-1] == "chance,,mean-not-en,50.0000,,,"
    assert "chance,,en,0.0299,,," in rendered(replace(found, chance=100 / 3350), style="csv").splitlines()  # not 0.0
    with pytest.raises(TrainingError, match="unknown format 'word'"):
        rendered(found, style="word")


def test_what_cannot_stand_in_a_table(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="needs a run"):
        table_of([], task="t2v", measure="recall_at_1")
    with pytest.raises(TrainingError, match="no language in common for v2t"):
        table_of(runs, task="v2t", measure="recall_at_1")
    with pytest.raises(TrainingError, match="is not evaluated"):
        table_of([tmp_path / "nowhere"], task="t2v", measure="recall_at_1")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(runs: list[Path], tmp_path: Path) -> None:
    found = table_of(runs, task="t2v", measure="recall_at_10", resamples=20)
    hostile = replace(found.systems[0], name=r"a_b 100% $x^2$ ~ \end{document} {&} #")
    names = [replace(found.systems[1], name=name) for name in ("[1] x", "*star", "é")]
    body = rendered(replace(found, systems=[hostile, *names]), style="latex")
    page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n" + body + "\\end{document}\n"
    (tmp_path / "table.tex").write_text(page)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_published_numbers_stand_where_protocols_agree(tmp_path: Path) -> None:
    half = {"en": [1.0] * 20, "de": [1.0] * 20}
    agreed: dict[str, Any] = {"clips": "youcook2-3350", "query": "first"}
    for name, made_with, there in (
        ("same", agreed, True),
        ("other-pool", agreed | {"clips": "all"}, False),
        ("other-queries", agreed | {"query": "all"}, False),
        ("duplicates", agreed | {"relevant": "same-caption"}, False),
        ("simulated", agreed | {"feat": "simulated@1"}, False),
    ):
        run = make_run(tmp_path / name, half, seed=0, **made_with)
        found = table_of([run], task="t2v", measure="recall_at_10", resamples=5)
        assert ("UniVL, align" in found.published) == there
        if there:
            assert "| UniVL, align (published) |  | 70.0 |  |" in rendered(found, style="markdown")
            assert table_of([run], task="t2v", measure="recall_at_1", resamples=5).published["UniVL, joint"] == {
                "en": 22.7
            }
            assert "UniVL" not in rendered(replace(found, published={}), style="csv")
    german = make_run(tmp_path / "german", {"de": [1.0] * 20}, seed=0, **agreed)
    assert table_of([german], task="t2v", measure="recall_at_10", resamples=5).published == {}


def test_chance_from_video_to_text_is_of_the_first_of_several_captions(tmp_path: Path) -> None:
    """20 clips of 3 captions each: of 60 texts in random order, none of the first ten is one of the three."""
    ranks = {("t2v", "en"): np.ones((20, 3)), ("v2t", "en"): np.ones(20)}
    shared: dict[str, Any] = {"lang": "en", "data": "x@1", "pool": 20, "query": "all"}
    made = {
        ("t2v", "en"): Signature(task="t2v", queries=60, **shared),
        ("v2t", "en"): Signature(task="v2t", candidates=60, **shared),
    }
    run = make_run(tmp_path / "run", {}, seed=0)
    evaluation_of(ranks, made, clip_ids=CLIPS, resamples=0).save(run)
    found = {task: table_of([run], task=task, measure="recall_at_10", resamples=5).chance for task in ("t2v", "v2t")}
    assert found["t2v"] == pytest.approx(50)
    assert found["v2t"] == pytest.approx(100 * (1 - (50 * 49 * 48) / (60 * 59 * 58)))
