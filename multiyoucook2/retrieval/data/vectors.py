"""Sentence vectors that were computed elsewhere: a store of clip_id x language, in the format of the feature store."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import FeatureError
from ...features.sentence_vectors import META, vector_id
from ...features.store import Array, FeatureStore, write_store

Key = tuple[str, int, str]  # clip_id, caption index, language


def write_vectors(
    folder: str | Path, vectors: Iterable[tuple[str, str, Array] | tuple[str, int, str, Array]], *, name: str
) -> FeatureStore:
    """Write (clip_id, language, vector [D]) or (clip_id, caption index, language, vector [D]) rows as a store, float32.

    Args:
        name: of the encoder, for messages and cards, e.g. ``"labse"``.

    Raises:
        FeatureError: a caption twice, another D, NaN; see :func:`multiyoucook2.features.store.write_store`.
    """
    full = (row if len(row) == 4 else (row[0], 0, *row[1:]) for row in vectors)
    pairs = ((vector_id(clip, index, lang), np.asarray(vector).reshape(1, -1)) for clip, index, lang, vector in full)
    return write_store(folder, pairs, name=name, dtype="float32", meta=META)


def read_vectors(store: FeatureStore, keys: Sequence[Key]) -> Tensor:
    """The vectors [N, D] of captions, float32, e.g. of :meth:`TrainingSet.lookup_keys`.

    Raises:
        FeatureError: a caption that the store lacks; the message names the first and counts them.
    """
    rows = store.rows([vector_id(*key) for key in keys])
    vector_N1D, there_N1 = store.gather(rows, max_frames=1)
    missing = np.flatnonzero(~there_N1[:, 0])
    if len(missing):
        clip, index, lang = keys[missing[0]]
        raise FeatureError(
            f"{store.folder} lacks the sentence vectors of {len(missing):,} of {len(keys):,} texts, "
            f"first of caption {index} of clip {clip!r} in {lang!r}"
        )
    return torch.from_numpy(vector_N1D[:, 0])
