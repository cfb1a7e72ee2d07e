"""Simulated features: seeded, labelled, and made of the English caption only."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.errors import FeatureError
from multiyoucook2.features.simulated import concepts, simulate
from multiyoucook2.features.store import FeatureStore

WORDS = "onion egg pepper salt butter flour rice pan oven bowl knife garlic tomato cheese bread milk".split()


def captions(count: int = 120) -> dict[str, str]:
    random = np.random.default_rng(1)
    return {f"v_{i}": "put the " + " and the ".join(random.choice(WORDS, 4, replace=False)) for i in range(count)}


def oracle_recall(store: FeatureStore, texts: dict[str, str], store_of_words: FeatureStore) -> float:
    """R@1 by someone who knows every concept's direction: nearest mean frame to the sum of the caption's concepts."""
    direction = {clip: np.float64(store_of_words[clip]).mean(0) for clip in store_of_words.clip_ids}
    video = np.stack([np.float64(store[clip]).mean(0) for clip in texts])
    text = np.stack([sum(direction[word] for word in concepts(caption)[1:]) for caption in texts.values()])
    video /= np.linalg.norm(video, axis=1, keepdims=True)
    return float((np.argmax(text @ video.T, axis=1) == np.arange(len(texts))).mean())


def test_concepts_are_the_content_words() -> None:
    assert concepts("Put the sliced onions, and THE onion's skin into a glass bowl") == [
        "put",
        "sliced",
        "onion",
        "skin",
        "glass",
        "bowl",
    ]
    assert concepts("the of and") == []


def test_equal_arguments_make_equal_features_and_each_argument_counts(tmp_path: Path) -> None:
    some = dict(list(captions().items())[:5])
    base = simulate(some, tmp_path / "a", dim=8).content_hash
    assert simulate(some, tmp_path / "b", dim=8).content_hash == base
    assert simulate(some, tmp_path / "c", dim=8, seed=1).content_hash != base
    assert simulate(some, tmp_path / "d", dim=8, difficulty=0.5).content_hash != base
    assert simulate(dict(reversed(some.items())), tmp_path / "e", dim=8).content_hash == base


def test_the_store_says_what_it_is(tmp_path: Path) -> None:
    store = simulate(captions(3), tmp_path / "a", dim=8, difficulty=2.0, seed=5, meta={"dataset": "mini@1"})
    assert store.name == "simulated"
    assert store.meta == {"difficulty": 2.0, "seed": 5, "dataset": "mini@1"}
    assert all(4 <= len(store[clip]) <= 12 for clip in store.clip_ids)


def test_without_difficulty_a_frame_is_the_sum_of_its_concepts(tmp_path: Path) -> None:
    store = simulate(
        {"a": "egg", "b": "salt", "ab": "egg and salt", "none": "the"}, tmp_path / "a", dim=16, difficulty=0
    )
    np.testing.assert_allclose(store["ab"][0], np.float32(store["a"][0]) + store["b"][0], atol=5e-3)
    assert not store["none"].any()


def test_difficulty_runs_from_solved_to_hopeless(tmp_path: Path) -> None:
    texts = captions()
    words = simulate({word: word for word in WORDS}, tmp_path / "w", dim=64, difficulty=0)
    recalls = [
        oracle_recall(simulate(texts, tmp_path / str(level), dim=64, difficulty=level), texts, words)
        for level in (0, 1, 8)
    ]
    assert recalls[0] > 0.95
    assert 0.15 < recalls[1] < 0.9
    assert recalls[2] < 0.15


def test_no_translation_can_leak_in() -> None:
    assert list(inspect.signature(simulate).parameters)[:2] == [
        "captions",
        "folder",
    ]  # one English text a clip, no more


def test_bad_arguments(tmp_path: Path) -> None:
    for difficulty in (-1.0, float("nan"), float("inf")):
        with pytest.raises(FeatureError, match="difficulty"):
            simulate(captions(2), tmp_path / "a", difficulty=difficulty)
    with pytest.raises(FeatureError, match="no clips"):
        simulate({}, tmp_path / "a")
