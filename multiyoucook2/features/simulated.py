"""Simulated video features: a labelled stand-in that lets everything run where no video can be had.

The content words of the **English** caption are its concepts. Each concept has a fixed random direction; each frame
shows some of the clip's concepts, among concepts of other recipes, under noise of its own and of its clip. No
translation is read, so a model can rank well in another language only by having learnt what its words mean.

One number sets how hard it is: at 0 every frame is the plain sum of all concepts; at 1, the default, a third of a
clip's concepts never shows and noise outweighs the signal. Every score made with these features says
``feat:simulated``.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import FeatureError
from .store import FeatureStore, write_store

NAME = "simulated"
Vector = npt.NDArray[np.float64]
_WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    """
    a d s t about above after again all an and any are around as at away back be been before being below
    between both but by can come down during each else for from further get gets give had has have he
    her here his how i if in into is it its itself just let like made make makes more most no not now of
    off on once one only or other our out over own same she so some such than that the their them then
    there these they this those through to together too under until up use used using very was we well
    were what when where which while who will with you your
""".split()
)


def concepts(caption: str) -> list[str]:
    """Content words of an English caption: lower-cased, without stop words, a plural ``s`` or doubles, in order."""
    words = (match.group().lower() for match in _WORD.finditer(caption))
    return list(dict.fromkeys(_singular(word) for word in words if word not in STOP_WORDS))


def simulate(
    captions: Mapping[str, str],
    folder: str | Path,
    *,
    dim: int = 256,
    difficulty: float = 1.0,
    seed: int = 0,
    meta: Mapping[str, str] | None = None,
) -> FeatureStore:
    """Write a store of simulated features, equal for equal arguments.

    Args:
        captions: clip_id -> English caption.
        folder: the new store.
        dim: D.
        difficulty: 0 (no noise) upwards; see the module's text.
        seed: of the concepts' directions and of all noise.
        meta: further entries for the store's ``meta``, e.g. the data set's hash.

    Raises:
        FeatureError: no captions, or a negative difficulty.
    """
    if not difficulty >= 0 or not np.isfinite(difficulty):
        raise FeatureError(f"the difficulty must be 0 or more, not {difficulty}")
    noted = {"difficulty": difficulty, "seed": seed, **(meta or {})}
    return write_store(folder, _clips(captions, dim, difficulty, seed), name=NAME, meta=noted)


def _clips(
    captions: Mapping[str, str], dim: int, difficulty: float, seed: int
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    words_of = {clip_id: concepts(caption) for clip_id, caption in captions.items()}
    vocabulary = sorted({word for words in words_of.values() for word in words})
    directions = {word: _generator(seed, "concept", word).standard_normal(dim) for word in vocabulary}
    for clip_id, words in words_of.items():
        yield clip_id, _frames(words, vocabulary, directions, dim, difficulty, _generator(seed, "clip", clip_id))


def _frames(
    words: list[str],
    vocabulary: list[str],
    directions: Mapping[str, Vector],
    dim: int,
    difficulty: float,
    random: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """T frames [T, D], T between 4 and 12. Every random draw is made whatever the difficulty, which only scales it."""
    count = int(random.integers(4, 13))
    hidden = 1 - 1 / (1 + difficulty / 2)  # share of the concepts that never show: 0 at 0, 1/3 at 1, towards 1
    shown = [word for word in words if random.random() >= hidden]
    others = [vocabulary[i] for i in random.integers(0, len(vocabulary), 3)] if vocabulary else []
    clip_noise = random.standard_normal(dim)
    frames = []
    for _ in range(count):
        frame = 1.5 * difficulty * random.standard_normal(dim) + difficulty * clip_noise
        for word in shown:
            frame += directions[word] * (1 if random.random() >= hidden else 0)
        for word in others:
            frame += 0.7 * difficulty * directions[word] * (random.random() < 0.5)
        frames.append(frame)
    # a clip of stop words only has no signal; at difficulty 0 its frames are zeros, which the model takes as they are
    return np.array(frames, dtype=np.float32)


def _generator(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for each name, so that the order of the clips changes nothing."""
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
