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
from ..data.vectors import read_vectors
from ..evaluation.embed import Autocast, embed_texts, embed_videos
from ..model.towers import TextVideoModel

WEIGHTS_FILE = "model.safetensors"


def teacher_embeddings(
    run: Path,
    clip_ids: Sequence[str],
    english: Sequence[str | None],
    store: FeatureStore,
    *,
    max_length: int,
    device: torch.device | str,
    autocast: Autocast,
    precision: str,
    vectors: FeatureStore | None = None,
) -> tuple[Tensor, Tensor]:
    """English texts' and videos' embeddings [N, E] of a finished teacher, a row a clip; zeros where English lacks.

    Args:
        run: the teacher's run folder; the cache lies in it, beside the model.
        clip_ids: clips that have features; ``english``: their captions.
        precision: of the computation, part of the key as it changes the values.
        vectors: sentence vectors computed elsewhere, for a teacher that cannot encode texts.
    """
    key = _key(
        run / "model" / WEIGHTS_FILE,
        clip_ids,
        english,
        store,
        f"{max_length} {precision} {vectors.content_hash if vectors else ''}",
    )
    path = run / f"embeddings-{key}.safetensors"
    if path.is_file():
        try:
            found = load_file(path)
            return found["text_NE"], found["video_NE"]
        except (SafetensorError, KeyError):
            path.unlink()  # cut off: computed again
    model = TextVideoModel.from_pretrained(run / "model").to(device)
    taught = [row for row, text in enumerate(english) if text]
    texts: list[str] | Tensor = [text for text in english if text]
    if vectors is not None:
        texts = read_vectors(vectors, [(clip_ids[row], "en") for row in taught])
    text_NE = torch.zeros(len(clip_ids), model.config.embedding_dim)
    text_NE[taught] = embed_texts(model, texts, max_length=max_length, device=device, autocast=autocast)
    video_NE = embed_videos(model, store, store.rows(clip_ids), device=device, autocast=autocast)
    partial = run / f"{PARTIAL_PREFIX}{path.name}"
    save_file({"text_NE": text_NE, "video_NE": video_NE}, partial)
    partial.replace(path)
    return text_NE, video_NE


def _key(
    weights: Path, clip_ids: Sequence[str], english: Sequence[str | None], store: FeatureStore, settings: str
) -> str:
    digest = hashlib.sha256(f"{file_sha256(weights)}\0{store.content_hash}\0{settings}".encode())
    for clip_id, text in zip(clip_ids, english, strict=True):
        digest.update(f"\0{clip_id}\0{text or ''}".encode())
    return digest.hexdigest()[:16]
