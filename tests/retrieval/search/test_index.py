"""Index and search as a user sees them: scores, filters, hashes, faults."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from conftest import MyCook

from multiyoucook2.errors import DatasetError, FeatureError, ModelError
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.model.encoders import vector_encoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity
from multiyoucook2.retrieval.search import open_index
from multiyoucook2.retrieval.search.build import build_index
from multiyoucook2.retrieval.search.index import link_at
from multiyoucook2.retrieval.search.moments import find_moments

from ..small_data import make_dataset, make_features
from .conftest import add_segments


def test_scores_are_the_models_cosines(made: Path) -> None:
    """Each score is that of a text and a clip put through the model by hand."""
    index = open_index(made / "index", device="cpu")
    hits = index.search("fry the onion in the pan", k=300)
    assert len(index) == 127  # of 128 clips, one has no features
    assert {hit.clip_id for hit in hits} == {*FeatureStore.open(made / "features").clip_ids}
    model, store = TextVideoModel.from_pretrained(made / "run" / "model"), FeatureStore.open(made / "features")
    with torch.no_grad():
        text_QE = model.encode_text(model.tokenize(["fry the onion in the pan"]))
        for hit in (hits[0], hits[63], hits[-1]):
            video_BTD, mask_BT = store.gather(store.rows([hit.clip_id]), max_frames=model.config.max_frames)
            video_CE = model.encode_video(torch.from_numpy(video_BTD), torch.from_numpy(mask_BT))
            assert hit.score == pytest.approx(cosine_similarity(text_QE, video_CE).item(), abs=2e-3)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 0.3


@pytest.mark.parametrize("lang", ["en", "de", "ja"])
def test_finds_the_clip_of_a_caption(made: Path, lang: str) -> None:
    """Captions of clips that the model was not trained on: at least 7 of 10 find their clip among the first three."""
    rows = pq.read_table(made / "data" / lang / "validation.parquet").to_pylist()
    asked = [(row["clip_id"], row["caption"]) for row in rows if row["caption"]]
    found = open_index(made / "index", device="cpu").search_many([text for _, text in asked], 3, split="validation")
    hits = [clip_id in {hit.clip_id for hit in best} for (clip_id, _), best in zip(asked, found, strict=True)]
    assert np.mean(hits) >= 0.7  # 3 of 32 by chance


def test_a_model_that_encodes_no_query_gets_no_index(tmp_path: Path) -> None:
    """Trained on vectors that were computed elsewhere, it could not be asked anything."""
    add_segments(make_dataset(tmp_path / "data", clips=8, validation=4))
    store = make_features(tmp_path / "data", tmp_path / "features")
    config = ModelConfig(store.dim, embedding_dim=4, hidden_dim=4, heads=1, features=store.name)
    TextVideoModel(config, vector_encoder("labse", 3)).save_pretrained(tmp_path / "run" / "model")
    about = {"dataset": str(tmp_path / "data"), "features": str(tmp_path / "features"), "finished": True}
    (tmp_path / "run" / "run.json").write_text(json.dumps({**about, "recipe": {"max_tokens_eval": 40}}))
    with pytest.raises(ModelError, match="the encoder 'labse' has vectors only"):
        build_index(tmp_path / "run", tmp_path / "index", device="cpu")
    assert not (tmp_path / "index").exists()


def test_what_a_hit_says(made: Path) -> None:
    index = open_index(made / "index", device="cpu")
    hit = index.search("rice", k=1, video_id="video003")[0]
    number = int(hit.clip_id[-1])
    assert (hit.video_id, hit.start_s, hit.end_s, hit.split, hit.recipe_type) == (
        "video003", 10.0 * number, 10.0 * number + 8, "train", "soup",
    )  # fmt: skip
    assert hit.link == f"https://www.youtube.com/watch?v=video003&t={10 * number}s"
    table = pq.read_table(made / "data" / "de" / "train.parquet").to_pylist()
    assert hit.captions["de"] == next(row["caption"] for row in table if row["clip_id"] == hit.clip_id)


def test_batches_and_filters(made: Path) -> None:
    index = open_index(made / "index", device="cpu")
    queries = ["onion in the pan", "zwiebel im topf", "chop"]
    many = index.search_many(queries, 5, split="validation", recipe_type="soup")
    assert many == [index.search(query, 5, split="validation", recipe_type="soup") for query in queries]
    assert {(hit.split, hit.recipe_type) for hits in many for hit in hits} == {("validation", "soup")}
    every = [hit for hit in index.search(queries[0], 500) if (hit.split, hit.recipe_type) == ("validation", "soup")]
    assert many[0] == every[:5]
    by_numpy = [index.search(query, 7, backend="numpy") for query in queries]
    assert by_numpy == index.search_many(queries, 7, backend="numkong")
    with pytest.raises(DatasetError, match="no clip has video_id 'video3'") as caught:
        index.search("rice", video_id="video3")
    assert "video003" in caught.value.hint
    with pytest.raises(DatasetError, match="no clip has all of video_id video003, split validation"):
        index.search("rice", video_id="video003", split="validation")


LATIN_1 = "fry \udce9"  # as Python has the argument `fry \xe9` of a terminal that is not UTF-8


def test_queries_that_are_not_utf8(made: Path) -> None:
    """One line, whichever of the texts it is, and whichever command asks."""
    index = open_index(made / "index", device="cpu")
    with pytest.raises(DatasetError, match=r"^query 2: the query 'fry \\udce9' is not UTF-8$"):
        index.search_many(["fry", LATIN_1])
    with pytest.raises(DatasetError, match=r"^the query 'fry \\udce9' is not UTF-8$"):
        find_moments(index, "video005", LATIN_1)
    with pytest.raises(DatasetError, match=r"no clip has video_id 'fry \\udce9'"):
        find_moments(index, LATIN_1, "fry")
    for name in ("video_id", "recipe_type", "split"):
        with pytest.raises(DatasetError, match=rf"no clip has {name} 'fry \\udce9'"):
            index.search("fry", **{name: LATIN_1})


@pytest.mark.parametrize("query", ["", "   ", "\t\n"])
def test_empty_queries(made: Path, query: str) -> None:
    with pytest.raises(DatasetError, match=r"^the query is empty"):
        open_index(made / "index").search(query)
    with pytest.raises(DatasetError, match="query 2: the query is empty"):
        open_index(made / "index").search_many(["rice", query])


@pytest.mark.parametrize(
    "query", ["a" * 1000, "\x00\x1b[31m", "'; DROP TABLE clips; --", "{{ 7*7 }}", "العربية", "😀", "%s%n"]
)
def test_hostile_queries_are_texts(made: Path, query: str) -> None:
    assert len(open_index(made / "index", device="cpu").search(query, 3)) == 3


def copy_of(made: Path, folder: Path) -> Path:
    for name in ("features", "index", "run"):
        shutil.copytree(made / name, folder / name)
    return folder


def test_another_model_is_named(made: Path, tmp_path: Path) -> None:
    copy = copy_of(made, tmp_path)
    assert open_index(copy / "index", device="cpu").search("rice", 1)  # index and run may move together
    weights = copy / "run" / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(
        DatasetError, match=r"is of another model: run@[0-9a-f]{16}, and .*run/model is now [0-9a-f]{16}"
    ):
        open_index(copy / "index", device="cpu").search("rice")
    shutil.rmtree(copy / "run")
    with pytest.raises(DatasetError, match=r"the model of the index .* is gone"):
        open_index(copy / "index", device="cpu").search("rice")


@pytest.mark.parametrize("name", ["vectors.bin", "clips.arrow", "index.json"])
def test_half_written_is_refused(made: Path, tmp_path: Path, name: str) -> None:
    copy = copy_of(made, tmp_path)
    path = copy / "index" / name
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DatasetError, match=r"is cut off|is damaged"):
        open_index(copy / "index")
    path.unlink()
    with pytest.raises(DatasetError, match="is no search index"):
        open_index(copy / "index")


def test_a_flipped_value_is_found_before_it_is_used(made: Path, tmp_path: Path) -> None:
    copy = copy_of(made, tmp_path)
    vectors = copy / "index" / "vectors.bin"
    data = bytearray(vectors.read_bytes())
    data[1] ^= 0x40  # an exponent: another number of the same size
    vectors.write_bytes(data)
    with pytest.raises(DatasetError, match=r"is damaged: vectors\.bin has another hash"):
        open_index(copy / "index", device="cpu").search("rice")


def test_a_failed_build_leaves_the_old_index(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from multiyoucook2.retrieval.search import build

    copy = copy_of(made, tmp_path)
    before = open_index(copy / "index", device="cpu").search("rice", 3)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(build, "embed_videos", fails)
    with pytest.raises(RuntimeError, match="out of memory"):
        build_index(copy / "run", copy / "index", dataset=made / "data", features=copy / "features", device="cpu")
    assert open_index(copy / "index", device="cpu").search("rice", 3) == before


def test_features_of_another_encoder(made: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "f", [("video000_0", np.ones((2, 32)))], name="clip")
    with pytest.raises(FeatureError, match="are clip with 32 dimensions; the model takes simulated with 32"):
        build_index(made / "run", tmp_path / "index", features=tmp_path / "f", device="cpu")
    write_store(tmp_path / "g", [("elsewhere_0", np.ones((2, 32)))], name="simulated")
    with pytest.raises(FeatureError, match=r"no clip of .* has features"):
        build_index(made / "run", tmp_path / "index", features=tmp_path / "g", device="cpu")
    assert not (tmp_path / "index").exists()


def test_frames_that_the_model_does_not_see_are_told(made: Path, tmp_path: Path) -> None:
    """Features that are denser than those that the model was trained on: it takes twelve frames."""
    frames = {"video005_0": 12, "video005_1": 13, "video005_2": 48}
    random = np.random.default_rng(0)
    dense = [(clip_id, random.standard_normal((count, 32))) for clip_id, count in frames.items()]
    write_store(tmp_path / "dense", dense, name="simulated")
    notes: list[str] = []

    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    build_index(made / "run", tmp_path / "index", features=tmp_path / "dense", device="cpu", listener=Notes())
    assert notes == ["2 clips have more than 12 frames, the most that the model sees: the rest is not found"]


def test_clips_without_a_frame_are_left_out_and_counted(made: Path, tmp_path: Path) -> None:
    """They would all have one vector, that of the token which stands in for frames."""
    frames = [("video005_0", np.zeros((0, 32))), ("video005_1", np.ones((3, 32))), ("video005_2", np.zeros((0, 32)))]
    write_store(tmp_path / "some", frames[::-1], name="simulated")
    notes: list[str] = []

    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    index = build_index(made / "run", tmp_path / "index", features=tmp_path / "some", device="cpu", listener=Notes())
    assert notes == ["2 clips are left out, as their features have no frame, first video005_0"]
    assert [hit.clip_id for hit in index.search("fry the onion")] == ["video005_1"]
    assert np.isfinite(index.vectors).all()
    write_store(tmp_path / "none", frames[:1], name="simulated")
    with pytest.raises(FeatureError, match=r"no clip of .*data has a frame in .*none"):
        build_index(made / "run", tmp_path / "empty", features=tmp_path / "none", device="cpu")
    assert not (tmp_path / "empty").exists()


def test_links() -> None:
    assert link_at("https://www.youtube.com/watch?v=a-b", 12.9) == "https://www.youtube.com/watch?v=a-b&t=12s"
    assert link_at("https://youtu.be/a-b", 12) == "https://youtu.be/a-b?t=12s"
    assert link_at("https://example.org/a.mp4", 1.5) == "https://example.org/a.mp4#t=1.5"
    assert link_at("javascript:alert(1)", 1) == ""
    assert link_at("", 1) == ""


def test_the_commands(mycook: MyCook, made: Path, tmp_path: Path) -> None:
    """Index, one query as JSON, a file of queries: as processes."""
    said = mycook("index", made / "run", "--out", "index", "--device", "cpu").stdout
    assert said == "index: 127 clips of small, 64 dimensions, 3 languages\n"
    found = json.loads(mycook("search", "index", "zwiebel in der pfanne", "-k", 2, "--json", "--device", "cpu").stdout)
    expected = open_index(made / "index", device="cpu").search("zwiebel in der pfanne", 2)
    assert [(row["clip_id"], pytest.approx(row["score"])) for row in found["results"]] == [
        (hit.clip_id, hit.score) for hit in expected
    ]
    (tmp_path / "queries.txt").write_text("rice\n\nbrot im topf\n", encoding="utf-8")
    said = mycook("search", "index", "--file", "queries.txt", "-k", 1, "--device", "cpu").stdout
    assert said.splitlines()[0] == "rice"
    assert "brot im topf" in said
    assert "https://www.youtube.com/watch?v=video" in said
