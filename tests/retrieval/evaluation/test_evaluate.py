"""Pools, bootstrap, evaluation and comparison against figures worked out by hand or slowly."""

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from multiyoucook2.corpus.captions import Captions
from multiyoucook2.errors import DatasetError, FeatureError, TrainingError
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.retrieval.evaluation.bootstrap import hits, interval, resampled_means, two_sided_p
from multiyoucook2.retrieval.evaluation.compare import compare_runs
from multiyoucook2.retrieval.evaluation.evaluate import evaluate_model
from multiyoucook2.retrieval.evaluation.pool import Pool, find_pool
from multiyoucook2.retrieval.evaluation.queries import EvaluationSet
from multiyoucook2.retrieval.evaluation.results import Evaluation
from multiyoucook2.retrieval.model.encoders import vector_encoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel

CLIPS = tuple("abcdef")
NAN, INF = float("nan"), float("inf")


class Table(TextVideoModel):
    """A model that looks embeddings up: a video's is its first frame, a text's is its number in ``vectors``."""

    def encode_text(self, texts: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return texts

    def encode_video(self, video_BTD: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
        return video_BTD[:, 0]


def unit_vectors(*angles: float) -> list[list[float]]:
    return [[float(np.cos(np.radians(angle))), float(np.sin(np.radians(angle)))] for angle in angles]


@pytest.fixture
def scored(tmp_path: Path) -> Evaluation:
    """Videos at 0, 10, ..., 50 degrees but f, which has no features; texts beside them, German without c."""
    from multiyoucook2.retrieval.data.vectors import write_vectors

    videos = dict(zip("abcde", unit_vectors(0, 10, 20, 30, 40), strict=True))
    store = write_store(
        tmp_path / "videos", ((clip, [frame]) for clip, frame in videos.items()), name="clip", dtype="float32"
    )
    english = dict(zip(CLIPS, unit_vectors(1, 12, 31, 30, 55, 44), strict=True))
    german = dict(zip("abdef", unit_vectors(29, 9, 31, 41, 0), strict=True))
    triples = [(clip, lang, v) for lang, table in (("en", english), ("de", german)) for clip, v in table.items()]
    vectors = write_vectors(tmp_path / "texts", triples, name="table")
    texts = {
        "en": [(f"text {clip}",) for clip in CLIPS],
        "de": [(f"Text {clip}",) if clip != "c" else () for clip in CLIPS],
    }
    captions = Captions("hand", "ab" * 32, "validation", list(CLIPS), texts)
    data = EvaluationSet(captions, store, Pool("all", CLIPS))
    model = Table(ModelConfig(2, embedding_dim=2, hidden_dim=4), vector_encoder("table", 2, vectors))
    return evaluate_model(model, data, resamples=200)


def test_ranks_by_hand(scored: Evaluation) -> None:
    # English c at 31 degrees: nearest are d (30), e (40), c (20): rank 3. f has no video: a miss.
    np.testing.assert_array_equal(scored.ranks["t2v", "en"], [1, 1, 3, 1, 1, INF])
    # German a at 29: d, c, e, b, a; German c: no text, so no query
    np.testing.assert_array_equal(scored.ranks["t2v", "de"], [5, 1, NAN, 1, 1, INF])
    assert scored.without_features == ("f",)


def test_figures_by_hand(scored: Evaluation) -> None:
    english, german = scored.row("t2v", "en"), scored.row("t2v", "de")
    assert english.values["recall_at_1"] == pytest.approx(100 * 4 / 6)
    assert english.values["recall_at_5"] == pytest.approx(100 * 5 / 6)
    assert english.values["mean_rank"] == pytest.approx((1 + 1 + 3 + 1 + 1 + 6) / 6)
    assert english.values["median_rank"] == 1
    assert german.values["recall_at_1"] == pytest.approx(100 * 3 / 5)
    mean = scored.row("t2v", "mean").values["recall_at_1"]
    assert mean == pytest.approx((100 * 4 / 6 + 100 * 3 / 5) / 2)
    assert scored.row("t2v", "mean-not-en").values == german.values
    low, high = english.intervals["recall_at_1"]
    assert 0 <= low < english.values["recall_at_1"] < high <= 100


def test_signatures_say_what_changes_the_number(scored: Evaluation) -> None:
    signature = scored.row("v2t", "de").signature
    label = "data:hand@abababab|split:validation|pool:6|missing:1|queries:5|query:first|ties:mean~1e-06|feat:clip@"
    assert signature.startswith(f"R@K|task:v2t|lang:de|{label}")
    made = scored.row("v2t", "de").made
    assert (made["precision"], made["tokens"], made["data_hash"]) == ("float32", 40, "ab" * 32)
    assert made["feat"].partition("@")[2] == made["feat_hash"][:8]
    assert f"|feat:{made['feat']}|clips:all|precision:float32|tokens:40|v:" in signature


def test_duplicates_are_relevant_if_asked(tmp_path: Path) -> None:
    """Two clips with one caption whose videos are the other way round: each answers the other's query."""
    from multiyoucook2.retrieval.data.vectors import write_vectors

    store = write_store(tmp_path / "v", zip("ab", np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), strict=True), name="clip")
    vectors = write_vectors(tmp_path / "t", [("a", "en", [0.0, 1.0]), ("b", "en", [1.0, 0.0])], name="table")
    captions = Captions("x", "0" * 64, "validation", ["a", "b"], {"en": [("Mix  it",), ("mix it",)]})
    model = Table(ModelConfig(2, embedding_dim=2, hidden_dim=4), vector_encoder("table", 2, vectors))
    recalls = []
    for duplicates in (False, True):
        data = EvaluationSet(captions, store, Pool("all", ("a", "b")), duplicates=duplicates)
        found = evaluate_model(model, data, resamples=0)
        recalls.append(found.row("t2v", "en").values["recall_at_1"])
        assert ("relevant:same-caption" in found.row("t2v", "en").signature) == duplicates
        assert found.row("t2v", "en").intervals == {}
    assert recalls == [0, 100]


def test_a_pool_without_any_features_is_refused(tmp_path: Path) -> None:
    store: FeatureStore = write_store(tmp_path / "v", [("other", [[1.0]])], name="clip")
    captions = Captions("x", "0" * 64, "validation", ["a"], {"en": [("mix",)]})
    with pytest.raises(FeatureError, match="none of the 1 clips of the pool 'all' has features"):
        EvaluationSet(captions, store, Pool("all", ("a",)))


def test_the_pool_that_ships_holds_ids_and_no_texts() -> None:
    text = (resources.files("multiyoucook2.retrieval.evaluation") / "pools/youcook2_3350.txt").read_text()
    lines = text.splitlines()
    assert len(lines) == len(set(lines)) == 3350
    assert all(" " not in line and line.rpartition("_")[2].isdigit() for line in lines)
    assert len({line.rpartition("_")[0] for line in lines}) == 436
    pool = find_pool("youcook2-3350", [*reversed(lines), "extra_0"])
    assert pool.clip_ids == tuple(reversed(lines))


def test_pools_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my pool.txt"
    path.write_text("c\n\na\n")
    assert find_pool(str(path), CLIPS) == Pool("my-pool", ("a", "c"))
    for name in ("all", "youcook2-3350"):  # a file is not what it is called
        own = tmp_path / f"{name}.txt"
        own.write_text("c\na\n")
        assert find_pool(str(own), CLIPS) == Pool(f"{name}.file", ("a", "c"))
    assert find_pool("all", CLIPS) == Pool("all", CLIPS)
    toys = tuple(f"toy{number}" for number in range(819))
    assert find_pool("rudder-819", toys) == Pool("rudder-819", toys)
    with pytest.raises(DatasetError, match="a split of 819 clips, and this one has 818"):
        find_pool("rudder-819", toys[1:])
    for content, message in (
        ("a\na\n", "lists 1 clips twice"),
        ("\n", "is empty"),
        ("a\nz\n", "1 of 2 clips .* first 'z'"),
    ):
        path.write_text(content)
        with pytest.raises(DatasetError, match=message):
            find_pool(str(path), CLIPS)
    with pytest.raises(DatasetError, match="unknown pool 'youcook2-3305'"):
        find_pool("youcook2-3305", CLIPS)


def test_bootstrap_means_are_those_of_the_draws() -> None:
    random = np.random.default_rng(0)
    values = random.normal([0.0, 3.0], 1.0, (40, 2))
    drawn = resampled_means(values, resamples=4000, seed=1)
    assert drawn.shape == (4000, 2)
    np.testing.assert_allclose(drawn.mean(0), values.mean(0), atol=0.02)
    np.testing.assert_allclose(drawn.std(0), values.std(0) / np.sqrt(40), rtol=0.05)
    np.testing.assert_array_equal(drawn, resampled_means(values, resamples=4000, seed=1))
    # the same rows are drawn for other values: differences are paired
    np.testing.assert_allclose(resampled_means(values + 5, resamples=4000, seed=1), drawn + 5)


def test_bootstrap_leaves_out_what_is_not_known() -> None:
    values = np.array([[1.0], [NAN], [1.0], [1.0]])
    assert np.nanmax(np.abs(resampled_means(values, resamples=50, seed=0) - 1)) == 0
    np.testing.assert_array_equal(hits(np.array([1, 5.5, 5, INF, NAN]), 5), [100, 0, 100, 0, NAN])
    with pytest.raises(ValueError, match=r"\[C, M\]"):
        resampled_means(np.zeros(3), resamples=5, seed=0)


def test_interval_and_p() -> None:
    assert interval(np.arange(1001) / 10.0) == pytest.approx((2.5, 97.5))
    assert two_sided_p(np.ones(100)) == 0.01  # cannot be told from rarer than one draw
    assert two_sided_p(np.zeros(100)) == 1.0
    assert two_sided_p(np.array([-1.0] * 10 + [1.0] * 90)) == pytest.approx(0.2)
    assert two_sided_p(np.array([-1.0] * 10 + [NAN] * 60 + [1.0] * 30)) == pytest.approx(0.5)  # 10 of the 40 there are


def store_evaluation(run: Path, ranks: dict[tuple[str, str], list[float]], pool: str = "all:6") -> Path:
    setting = {"pool": pool, "data": "x"}
    Evaluation((), setting, CLIPS, {key: np.array(value) for key, value in ranks.items()}).save(run)
    return run


def test_comparison_by_hand(tmp_path: Path) -> None:
    worse = store_evaluation(tmp_path / "a", {("t2v", "en"): [1, 20, 20, 20, 20, INF], ("t2v", "de"): [20] * 6})
    better = store_evaluation(tmp_path / "b", {("t2v", "en"): [1, 1, 7, 20, 20, INF], ("t2v", "de"): [1] * 6})
    found = {(row.lang, row.measure): row for row in compare_runs([worse, better])}
    english = found["en", "recall_at_10"]
    assert (english.base, english.value) == pytest.approx((100 / 6, 300 / 6))
    assert english.low <= english.difference <= english.high
    assert found["en", "recall_at_1"].difference == pytest.approx(100 / 6)
    german = found["de", "recall_at_1"]
    assert (german.low, german.high, german.p) == (100, 100, 0.001)
    assert found["mean", "recall_at_1"].difference == pytest.approx((100 / 6 + 100) / 2)
    assert found["mean-not-en", "recall_at_1"].difference == german.difference


def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    a = store_evaluation(tmp_path / "a", {("t2v", "en"): [1] * 6})
    other_pool = store_evaluation(tmp_path / "b", {("t2v", "en"): [1] * 6}, pool="mine:6")
    other_lang = store_evaluation(tmp_path / "c", {("t2v", "de"): [1] * 6})
    for runs, message in (
        ([a], "two runs at least"),
        ([a, other_pool], "not scored over the same: pool is mine:6 and all:6"),
        ([a, other_lang], "no task and language in common"),
        ([a, tmp_path / "d"], "d is not evaluated"),
    ):
        with pytest.raises(TrainingError, match=message):
            compare_runs(runs)
    (tmp_path / "a/evaluation/scores.json").write_text("{")
    with pytest.raises(TrainingError, match="is damaged"):
        compare_runs([a, a])


def test_what_is_saved(scored: Evaluation, tmp_path: Path) -> None:
    folder = scored.save(tmp_path / "run")
    kept = json.loads((folder / "scores.json").read_text())
    assert kept["without_features"] == ["f"]
    assert [row["lang"] for row in kept["scores"]][:4] == ["en", "de", "mean", "mean-not-en"]
    assert scored.save(tmp_path / "run") == folder  # a second time replaces it
