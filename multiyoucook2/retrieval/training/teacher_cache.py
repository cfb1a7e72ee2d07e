"""Frozen teachers run once: their embeddings of the training clips, kept on disk under a key of weights and data."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...features.store import FeatureStore
from ...files import PARTIAL_PREFIX, file_sha256
from ..device import autocast_of
from ..evaluation.embed import embed_texts, embed_videos
from ..evaluation.runfiles import MODEL_FOLDER
from ..model.encoders import TextKey, encoder_kind
from ..model.folder import WEIGHTS
from ..model.towers import TextVideoModel


def teacher_embeddings(
    run: Path,
    texts: Sequence[str],
    keys: Sequence[TextKey],
    clip_ids: Sequence[str],
    store: FeatureStore,
    *,
    encoder: str,
    max_length: int,
    device: torch.device,
    precision: str,
) -> tuple[Tensor, Tensor]:
    """A finished teacher's embeddings of English texts [M, E] and of videos [N, E].

    Args:
        run: the teacher's run folder; the cache lies in it, beside the model.
        texts: every English caption that may be drawn; ``keys``: which they are.
        clip_ids: clips that have features.
        encoder: the teacher's, as recipes name it: its sentence vectors, if that is what it has, are looked up again.
        precision: of the computation, part of the key as it changes the values.
    """
    kind, argument = encoder_kind(encoder)
    outside = f"{max_length} {precision} {kind.outside(argument)}"
    key = _key(run / MODEL_FOLDER / WEIGHTS, texts, keys, clip_ids, store, outside)
    path = run / f"embeddings-{key}.safetensors"
    if path.is_file():
        try:
            found = load_file(path)
            return found["text_ME"], found["video_NE"]
        except (SafetensorError, KeyError):
            path.unlink()  # cut off: computed again
    model = TextVideoModel.from_pretrained(run / MODEL_FOLDER).to(device)
    model.encoder.attach(argument)
    vectors = model.encoder.lookup(keys)
    autocast = autocast_of(precision, device)
    text_ME = embed_texts(
        model, list(texts) if vectors is None else vectors, max_length=max_length, device=device, autocast=autocast
    )
    video_NE = embed_videos(model, store, store.rows(clip_ids), device=device, autocast=autocast)
    partial = run / f"{PARTIAL_PREFIX}{path.name}"
    save_file({"text_ME": text_ME, "video_NE": video_NE}, partial)
    partial.replace(path)
    return text_ME, video_NE


def _key(
    weights: Path,
    texts: Sequence[str],
    keys: Sequence[TextKey],
    clip_ids: Sequence[str],
    store: FeatureStore,
    settings: str,
) -> str:
    digest = hashlib.sha256(f"{file_sha256(weights)}\0{store.content_hash}\0{settings}".encode())
    for (clip_id, index, _), text in zip(keys, texts, strict=True):
        digest.update(f"\0{clip_id}\0{index}\0{text}".encode())
    digest.update(repr(list(clip_ids)).encode())
    return digest.hexdigest()[:16]
