"""Which captions ask: figures of each protocol, worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from multiyoucook2.corpus.captions import Captions
from multiyoucook2.errors import DatasetError
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.retrieval.data.vectors import write_vectors
from multiyoucook2.retrieval.evaluation.evaluate import evaluate_model
from multiyoucook2.retrieval.evaluation.pool import Pool, find_pool
from multiyoucook2.retrieval.evaluation.queries import EvaluationSet
from multiyoucook2.retrieval.evaluation.results import Evaluation
from multiyoucook2.retrieval.model.encoders import load_encoder, vector_encoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel

from .test_evaluate import Table, unit_vectors

CLIPS = ("a", "b", "c")
ANGLES = {"a": (1.0, 12.0, None), "b": (19.0, 11.0, 31.0), "c": (21.0,)}  # of the texts, by caption index
NAN = float("nan")


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Videos at 0, 10 and 20 degrees."""
    videos = zip(CLIPS, unit_vectors(0, 10, 20), strict=True)
    return write_store(tmp_path / "videos", ((clip, [frame]) for clip, frame in videos), name="clip", dtype="float32")


def captions(listed: dict[str, int] | None = None) -> Captions:
    texts = [tuple(None if angle is None else f"{clip} {angle}" for angle in ANGLES[clip]) for clip in CLIPS]
    return Captions("hand", "ab" * 32, "test", list(CLIPS), {"en": texts}, "en", listed or {})


def scored(tmp_path: Path, data: EvaluationSet) -> Evaluation:
    rows = [
        (clip, index, "en", unit_vectors(angle)[0])
        for clip, angles in ANGLES.items()
        for index, angle in enumerate(angles)
        if angle is not None
    ]
    vectors = write_vectors(tmp_path / "texts", rows, name="table")
    model = Table(ModelConfig(2, embedding_dim=2, hidden_dim=4), vector_encoder("table", 2, vectors))
    return evaluate_model(model, data, resamples=50)


def test_first(tmp_path: Path, store: FeatureStore) -> None:
    found = scored(tmp_path, EvaluationSet(captions(), store, Pool("all", CLIPS)))
    # a at 1: its own video at 0. b at 19: c (20) comes before it. c at 21: its own.
    np.testing.assert_array_equal(found.ranks["t2v", "en"], [1, 2, 1])
    assert "|query:first|" in found.row("t2v", "en").signature


def test_listed_by_the_pool_or_by_the_data_set(tmp_path: Path, store: FeatureStore) -> None:
    path = tmp_path / "pool.txt"
    path.write_text("a\nb#1\nc#0\n")
    pool = find_pool(str(path), CLIPS)
    assert pool.listed == {"b": 1, "c": 0}
    for data in (
        EvaluationSet(captions(), store, pool),
        EvaluationSet(captions({"b": 1, "c": 0}), store, Pool("all", CLIPS)),
    ):
        found = scored(tmp_path, data)
        np.testing.assert_array_equal(found.ranks["t2v", "en"], [NAN, 1, 1])  # nothing is listed for a
        assert "|queries:2|query:listed|" in found.row("t2v", "en").signature
    with pytest.raises(DatasetError, match="lists a caption to ask"):
        EvaluationSet(captions(), store, Pool("all", CLIPS), query="listed")
    with pytest.raises(DatasetError, match="unknown rule of queries 'second'"):
        EvaluationSet(captions(), store, Pool("all", CLIPS), query="second")


def test_all_ask_and_the_best_of_a_clip_answers(tmp_path: Path, store: FeatureStore) -> None:
    found = scored(tmp_path, EvaluationSet(captions(), store, Pool("all", CLIPS), query="all"))
    # a at 12: b (10), c (20), a (0). b at 11: its own; b at 31: c, b.
    np.testing.assert_array_equal(found.ranks["t2v", "en"], [[1, 3, NAN], [2, 1, 2], [1, NAN, NAN]])
    # texts at 1 12 | 19 11 31 | 21. Video a (0): 1 first. b (10): 11 first. c (20): 19 and 21, a tie.
    np.testing.assert_array_equal(found.ranks["v2t", "en"], [1, 1, 1.5])
    t2v, v2t = found.row("t2v", "en"), found.row("v2t", "en")
    assert t2v.values["recall_at_1"] == pytest.approx(100 * 3 / 6)  # over captions, not over clips
    assert t2v.values["mean_rank"] == pytest.approx((1 + 3 + 2 + 1 + 2 + 1) / 6)
    assert "|pool:3|queries:6|query:all|" in t2v.signature
    assert "|pool:3|candidates:6|query:all|" in v2t.signature
    low, high = t2v.intervals["recall_at_1"]
    assert low <= t2v.values["recall_at_1"] <= high


def test_all_come_back_from_the_disk(tmp_path: Path, store: FeatureStore) -> None:
    from multiyoucook2.retrieval.evaluation.results import read_ranks

    found = scored(tmp_path, EvaluationSet(captions(), store, Pool("all", CLIPS), query="all"))
    clips, ranks, scores = read_ranks(found.save(tmp_path / "run"))
    assert clips == list(CLIPS)
    assert scores["setting"]["query"] == "all"
    np.testing.assert_array_equal(ranks["t2v", "en"], found.ranks["t2v", "en"])


def test_the_mean_of_a_clips_captions_asks_once(tmp_path: Path, store: FeatureStore) -> None:
    found = scored(tmp_path, EvaluationSet(captions(), store, Pool("all", CLIPS), query="mean"))
    # a: 1 and 12 -> about 6.5, nearer to b (10) than to a (0). b: 19, 11, 31 -> about 20.3: c, b. c: its own.
    np.testing.assert_array_equal(found.ranks["t2v", "en"], [2, 2, 1])
    assert "|query:mean|" in found.row("v2t", "en").signature
    with pytest.raises(DatasetError, match="no text to be the same"):
        EvaluationSet(captions(), store, Pool("all", CLIPS), query="mean", duplicates=True)


def test_same_captions_among_several(tmp_path: Path, store: FeatureStore) -> None:
    texts = [("mix it", "a 12.0", None), ("Mix  it", "b 11.0", "b 31.0"), ("c 21.0",)]
    data = EvaluationSet(
        Captions("hand", "ab" * 32, "test", list(CLIPS), {"en": texts}),  # type: ignore[arg-type]
        store,
        Pool("all", CLIPS),
        query="all",
        duplicates=True,
    )
    found = scored(tmp_path, data)
    assert found.ranks["t2v", "en"][1].tolist() == [2, 1, 2]  # b at 19: c, then b; a is farther
    assert found.ranks["t2v", "en"][0][0] == 1


def test_a_second_frozen_model_is_not_given_the_firsts_vectors(bert_folder: Path, store: FeatureStore) -> None:
    data = EvaluationSet(captions(), store, Pool("all", CLIPS))
    rows = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        encoder = load_encoder(str(bert_folder), trainable=False, offline=True)
        with torch.no_grad():
            for weight in encoder.parameters():
                weight.copy_(torch.randn_like(weight))
        model = TextVideoModel(ModelConfig(2, embedding_dim=4, hidden_dim=4), encoder).eval()
        settings = {"max_length": 8, "device": "cpu", "autocast": torch.no_grad}
        shared, alone = (
            one.embeddings(model, **settings)[1]["en"]
            for one in (data, EvaluationSet(captions(), store, Pool("all", CLIPS)))
        )
        assert torch.equal(shared, alone)
        rows.append(shared)
    assert not torch.equal(*rows)
