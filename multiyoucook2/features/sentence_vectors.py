"""Sentence vectors that were computed elsewhere, by caption and language, in the format of the feature store.

``encoder: vectors:FOLDER`` in a training recipe reads them; see ``docs/training.md``.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa

from ..errors import FeatureError
from .arrays import array_clips, is_list, is_text, list_array, parquet_rows
from .store import Array, FeatureStore, write_store

_KEY = re.compile(r"[a-z]{2,3}:.+")
META = {"kind": "sentence vectors"}


def vector_id(clip_id: str, caption_index: int, lang: str) -> str:
    """A caption's key in the store: ``LANG:CLIP`` for the first of a clip, ``LANG:CLIP#INDEX`` for the others."""
    return f"{lang}:{clip_id}" + (f"#{caption_index}" if caption_index else "")


def import_vectors(sources: Sequence[Path], folder: str | Path, *, name: str) -> FeatureStore:
    """Write sentence vectors as a store, float32.

    Args:
        sources: each a ``.parquet`` file with the columns ``clip_id``, ``lang`` and ``vector`` (D numbers), and
            ``caption_index`` where clips have several captions; or an ``.npz`` whose keys are ``LANG:CLIP_ID`` or
            ``LANG:CLIP_ID#INDEX``, each an array [D].
        name: of the encoder, for messages and cards, e.g. ``"labse"``.

    Raises:
        FeatureError: unreadable, a key that is none, a caption twice, vectors of several sizes, NaN.
    """
    if not sources:
        raise FeatureError("there is nothing to import", hint="give .parquet or .npz files of sentence vectors")
    return write_store(folder, chain.from_iterable(map(_vectors, sources)), name=name, dtype="float32", meta=META)


def _vectors(source: Path) -> Iterator[tuple[str, Array]]:
    if source.suffix == ".npz":
        for key, vector in array_clips(source):
            if not _KEY.fullmatch(key):
                raise FeatureError(f"the key {key!r} of {source} is none of a caption", hint="such as de:CLIP_ID")
            yield key, vector.reshape(-1)
    elif source.suffix == ".parquet":
        yield from _rows(source)
    else:
        raise FeatureError(f"cannot import sentence vectors from {source}", hint="give .parquet or .npz files")


def _rows(source: Path) -> Iterator[tuple[str, Array]]:
    columns = {"clip_id": is_text, "lang": is_text, "vector": is_list, "caption_index": pa.types.is_integer}
    for row in parquet_rows(source, columns, optional=["caption_index"]):
        clip_id, lang = row["clip_id"].as_py(), row["lang"].as_py()
        index = row["caption_index"].as_py() if "caption_index" in row else 0
        key = vector_id(clip_id, index, lang)
        if index < 0 or not _KEY.fullmatch(key):
            raise FeatureError(f"{source} has a row of clip {clip_id!r}, caption {index} in {lang!r}")
        yield key, list_array(key, row["vector"]).reshape(-1)
