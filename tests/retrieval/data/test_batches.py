"""Batches: what is in them, what is left out, their order, and going on in the middle."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from multiyoucook2.corpus.captions import Captions
from multiyoucook2.errors import FeatureError, TrainingError
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.data.batches import Batch, Batches, TrainingSet, ahead
from multiyoucook2.retrieval.data.tokens import Buckets
from multiyoucook2.retrieval.data.vectors import read_vectors, write_vectors
from multiyoucook2.retrieval.model.encoders import TextEncoder, tiny_encoder
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig
from multiyoucook2.retrieval.training.preparing import note_absent

CLIPS = [f"c{i}" for i in range(7)]
TEXTS = {
    "en": [(f"english {clip} words",) for clip in CLIPS],
    "de": [(f"deutsch {clip}",) if i != 2 else () for i, clip in enumerate(CLIPS)],
    "ja": [(f"eins {clip}", f"zwei {clip}") if i in (0, 3) else () for i, clip in enumerate(CLIPS)],
}
CAPTIONS = Captions("x", "0" * 64, "train", CLIPS, TEXTS)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return write_store(tmp_path / "s", ((clip, np.full((i % 3, 2), i + 1.0)) for i, clip in enumerate(CLIPS)), name="x")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    texts = [text for rows in TEXTS.values() for row in rows for text in row]
    return tiny_encoder(texts, config=TinyConfig(vocab_size=80, dim=8, layers=1, heads=2))


def read(batch: Batch, encoder: TextEncoder) -> dict[str, list[str]]:
    """The texts of a batch, decoded from its tokens."""
    assert isinstance(batch.texts, Buckets)
    found = [""] * len(batch.texts)
    ids = [
        row[mask.bool()].tolist()
        for part in batch.texts.parts
        for row, mask in zip(part.ids_NL, part.mask_NL, strict=True)
    ]
    for position, tokens in zip(batch.texts.position_N.tolist(), ids, strict=True):
        found[position] = encoder.tokenizer.decode(tokens).replace(" ", "")  # digits are words of their own
    numbers = batch.by_language(torch.arange(len(found))[:, None])
    return {lang: [found[int(n)] for n in rows] for lang, rows in numbers.items()}


def test_clips_without_a_frame_are_counted(store: FeatureStore) -> None:
    notes: list[str] = []

    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    note_absent(TrainingSet(CAPTIONS, store), 30, Notes())
    assert notes == ["3 training clips have no frame, first c0: a learned token stands in"]


def test_a_sentence_vector_without_numbers_is_none(tmp_path: Path) -> None:
    vectors = write_store(tmp_path / "v", {"en:c0": np.ones(2), "en:c1": np.zeros((0, 2))}.items(), name="v")
    with pytest.raises(
        FeatureError, match="lacks the sentence vectors of 1 of 2 texts, first of caption 0 of clip 'c1'"
    ):
        read_vectors(vectors, [("c0", 0, "en"), ("c1", 0, "en")])


def test_a_batch_joins_texts_and_features_by_clip(store: FeatureStore, encoder: TextEncoder) -> None:
    data = TrainingSet(CAPTIONS, store)
    data.tokenize(encoder, max_length=35)
    batch = data.batch(np.array([3, 2]), np.array([5, 0]), max_frames=30)
    assert batch.clip_ids == ("c3", "c2")
    assert {lang: rows.tolist() for lang, rows in batch.rows.items()} == {"en": [0, 1], "de": [0], "ja": [0]}
    assert read(batch, encoder) == {
        "en": ["englishc3words", "englishc2words"],
        "de": ["deutschc3"],
        "ja": ["einsc3"],  # English has one caption, so its index is the one that is drawn
    }
    assert batch.video_BTD[:, :, 0].tolist() == [[0, 0], [3, 3]]  # c3 has no frame
    assert batch.mask_BT.tolist() == [[False, False], [True, True]]


def test_the_same_caption_is_drawn_in_every_language(store: FeatureStore, encoder: TextEncoder) -> None:
    texts = {lang: [(f"eins {clip}", f"zwei {clip}") for clip in CLIPS] for lang in ("en", "de")}
    data = TrainingSet(Captions("x", "", "train", CLIPS, texts), store)
    data.tokenize(encoder, max_length=35)
    drawn = set()
    batches = Batches(data, batch_size=7, seed=0)
    for _ in range(3):
        for batch in batches.rest_of_epoch():
            texts_read = read(batch, encoder)
            assert texts_read["en"] == texts_read["de"]
            drawn |= set(texts_read["en"])
    assert len(drawn) > 7  # over the epochs, different captions of a clip come up


def test_a_hole_is_no_other_caption(store: FeatureStore, encoder: TextEncoder) -> None:
    """After a rejection, the language lacks that caption where it is drawn; no other one slips into its place."""
    texts = {
        "en": [(f"eins {clip}", f"zwei {clip}", f"drei {clip}") for clip in CLIPS],
        "de": [(f"eins {clip}", None, f"drei {clip}") for clip in CLIPS],
        "ja": [(None, f"zwei {clip}", None, f"vier {clip}") for clip in CLIPS],
    }
    data = TrainingSet(Captions("x", "", "train", CLIPS, texts), store, ["de", "ja"])
    data.tokenize(encoder, max_length=35)
    batches, drawn = Batches(data, batch_size=7, seed=0), set()
    for _ in range(6):
        for batch in batches.rest_of_epoch():
            found = read(batch, encoder)
            for clip, index in enumerate(batch.caption_B.tolist()):
                number = ("eins", "zwei", "drei")[index]  # never the fourth, which English has not
                drawn.add(index)
                for lang, has in (("de", index != 1), ("ja", index == 1)):
                    rows = batch.rows.get(lang, torch.zeros(0)).tolist()
                    assert (clip in rows) == has
                    if has:
                        assert found[lang][rows.index(clip)] == f"{number}{batch.clip_ids[clip]}"
    assert drawn == {0, 1, 2}


def test_teachers_read_the_caption_that_is_drawn(store: FeatureStore) -> None:
    texts = {"en": [(f"one {clip}", None, f"three {clip}") for clip in CLIPS], "de": [("x", "y", "z") for _ in CLIPS]}
    data = TrainingSet(Captions("x", "", "train", CLIPS, texts), store, ["de"])
    read_, keys, row_NC = data.source_texts()
    assert len(read_) == 14  # every English caption of a clip, not only its first
    assert [read_[row] for row in row_NC[3] if row >= 0] == ["one c3", "three c3"]
    assert row_NC[:, 1].tolist() == [-1] * 7
    assert keys[row_NC[3, 2]] == ("c3", 2, "en")


def test_a_subset_of_languages_and_what_it_leaves_out(store: FeatureStore, tmp_path: Path) -> None:
    data = TrainingSet(CAPTIONS, store, ["ja"])
    assert data.clip_ids == ["c0", "c3"]
    assert data.without_text == ["c1", "c2", "c4", "c5", "c6"]
    assert data.source_texts()[0] == ["english c0 words", "english c3 words"]  # read by teachers, though not trained on
    few = write_store(tmp_path / "few", [("c2", np.ones((1, 2)))], name="x")
    data = TrainingSet(CAPTIONS, few)
    assert data.clip_ids == ["c2"]
    assert data.without_features == [clip for clip in CLIPS if clip != "c2"]
    assert data.source_texts()[2].tolist() == [[0, -1]]


def test_impossible_sets_are_named(store: FeatureStore, encoder: TextEncoder, tmp_path: Path) -> None:
    other = write_store(tmp_path / "o", [("z9", np.ones((1, 2)))], name="x")
    with pytest.raises(FeatureError, match="none of the 7 clips") as error:
        TrainingSet(CAPTIONS, other)
    assert "'c0'" in error.value.hint
    assert "'z9'" in error.value.hint
    with pytest.raises(TrainingError, match="no clip of split 'train' has a text in de"):
        TrainingSet(Captions("x", "", "train", CLIPS, {"de": [() for _ in CLIPS]}), store)
    data = TrainingSet(CAPTIONS, store)
    with pytest.raises(TrainingError, match="8 clips cannot be drawn from 7"):
        Batches(data, batch_size=8, seed=0)
    with pytest.raises(TrainingError, match="does not divide among 2"):
        Batches(data, batch_size=3, seed=0, shard=(0, 2))


def orders(batches: Batches, epochs: int) -> list[tuple[str, ...]]:
    return [batch.clip_ids for _ in range(epochs) for batch in batches.rest_of_epoch()]


@pytest.fixture
def data(store: FeatureStore, encoder: TextEncoder) -> TrainingSet:
    data = TrainingSet(CAPTIONS, store)
    data.tokenize(encoder, max_length=35)
    return data


def test_epochs_are_permutations_that_the_seed_fixes(data: TrainingSet) -> None:
    base = orders(Batches(data, batch_size=3, seed=1), 3)
    assert base == orders(Batches(data, batch_size=3, seed=1), 3)
    assert base != orders(Batches(data, batch_size=3, seed=2), 3)
    assert len(base) == 6  # the seventh clip is dropped
    assert base[:2] != base[2:4]
    for first, second in zip(base[::2], base[1::2], strict=True):
        assert len({*first, *second}) == 6


def test_resumed_is_straight(data: TrainingSet) -> None:
    straight = orders(Batches(data, batch_size=2, seed=1), 3)
    for stop in range(len(straight)):
        batches, seen = Batches(data, batch_size=2, seed=1), []
        states = []
        for _ in range(3):
            for batch in batches.rest_of_epoch():
                states.append(batches.state_dict())
                seen.append(batch.clip_ids)
        resumed = Batches(data, batch_size=2, seed=1)
        resumed.load_state_dict(states[stop])  # noted while batch `stop` was under way, so it comes again
        assert seen[stop:] == orders(resumed, 3 - states[stop]["epoch"])
    assert seen == straight


def test_a_state_of_another_run_is_refused(data: TrainingSet) -> None:
    with pytest.raises(TrainingError, match="seed 1, this run's 2"):
        Batches(data, batch_size=2, seed=2).load_state_dict(Batches(data, batch_size=2, seed=1).state_dict())


def test_shards_make_up_the_batch(data: TrainingSet) -> None:
    whole = orders(Batches(data, batch_size=4, seed=1), 2)
    shards = [orders(Batches(data, batch_size=4, seed=1, shard=(rank, 2)), 2) for rank in (0, 1)]
    assert [first + second for first, second in zip(*shards, strict=True)] == whole


def test_sentence_vectors_take_the_place_of_tokens(store: FeatureStore, tmp_path: Path) -> None:
    data = TrainingSet(CAPTIONS, store, ["en", "de"])
    keys = data.lookup_keys()
    triples = [(clip, index, lang, [float(i), len(lang + clip)]) for i, (clip, index, lang) in enumerate(keys)]
    vectors = write_vectors(tmp_path / "v", reversed(triples), name="labse")
    data.use_vectors(read_vectors(vectors, data.lookup_keys()))
    batch = data.batch(np.array([2, 4]), np.array([0, 0]), max_frames=1)
    assert isinstance(batch.texts, torch.Tensor)
    values = {lang: rows[:, 0].tolist() for lang, rows in batch.by_language(batch.texts).items()}
    numbers = {(clip, lang): i for i, (clip, _, lang) in enumerate(keys)}
    assert values == {"en": [numbers["c2", "en"], numbers["c4", "en"]], "de": [numbers["c4", "de"]]}
    with pytest.raises(FeatureError, match="1 of 2 texts, first of caption 0 of clip 'c0' in 'ru'"):
        read_vectors(vectors, [("c0", 0, "en"), ("c0", 0, "ru")])
    with pytest.raises(ValueError, match="2 vectors for 13 texts"):
        data.use_vectors(torch.zeros(2, 2))


def test_texts_must_be_encoded_first(store: FeatureStore) -> None:
    with pytest.raises(RuntimeError, match="tokenize"):
        TrainingSet(CAPTIONS, store).batch(np.array([0]), np.array([0]), max_frames=1)


def test_batches_put_together_ahead_are_the_same(data: TrainingSet) -> None:
    plain, threaded = (Batches(data, batch_size=2, seed=1) for _ in range(2))
    expected = [batch.clip_ids for batch in plain.rest_of_epoch()]
    assert [batch.clip_ids for batch in ahead(threaded.rest_of_epoch())] == expected
    assert threaded.state_dict() == plain.state_dict()


def test_an_error_of_a_batch_put_together_ahead_comes_out() -> None:
    def broken() -> Iterator[Batch]:
        raise KeyError("frames")
        yield

    with pytest.raises(KeyError, match="frames"):
        list(ahead(broken()))
