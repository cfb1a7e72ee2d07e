"""Sentence vectors that were computed elsewhere: a store of clip_id x language, in the format of the feature store."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import FeatureError
from ...features.store import FeatureStore, write_store

_SEPARATOR = ":"  # no language code holds one


def write_vectors(folder: str | Path, vectors: Iterable[tuple[str, str, Any]], *, name: str) -> FeatureStore:
    """Write (clip_id, language, vector [D]) triples as a store, float32.

    Args:
        name: of the encoder, for messages and cards, e.g. ``"labse"``.

    Raises:
        FeatureError: a pair twice, another D, NaN; see :func:`multiyoucook2.features.store.write_store`.
    """
    pairs = ((f"{lang}{_SEPARATOR}{clip}", np.asarray(vector).reshape(1, -1)) for clip, lang, vector in vectors)
    return write_store(folder, pairs, name=name, dtype="float32", meta={"kind": "sentence vectors"})


def read_vectors(store: FeatureStore, keys: Sequence[tuple[str, str]]) -> Tensor:
    """The vectors [N, D] of (clip_id, language) pairs, float32, e.g. of :meth:`TrainingSet.lookup_keys`.

    Raises:
        FeatureError: a pair that the store lacks; the message names the first and counts them.
    """
    rows = store.rows([f"{lang}{_SEPARATOR}{clip}" for clip, lang in keys])
    missing = np.flatnonzero(rows < 0)
    if len(missing):
        clip, lang = keys[missing[0]]
        raise FeatureError(
            f"{store.folder} lacks the sentence vectors of {len(missing):,} of {len(keys):,} texts, "
            f"first of clip {clip!r} in {lang!r}"
        )
    video_BTD, _ = store.gather(rows, max_frames=1)
    return torch.from_numpy(video_BTD[:, 0])
