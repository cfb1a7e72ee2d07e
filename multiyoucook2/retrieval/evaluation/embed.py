"""Many texts and videos through a model, without gradients, in batches that bound the memory.

``done`` is told how many texts or videos came out of each batch.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...features.store import FeatureStore
from ..data.tokens import TextInput, make_buckets, pass_overhead
from ..device import Autocast
from ..model.encoders import TextEncoder
from ..model.towers import TextVideoModel
from ..objectives.losses import at_least_float32

TEXT_TOKENS = 16384  # padded tokens in a forward pass
VIDEO_CLIPS = 256
_TEXTS = 8192  # tokenised and bucketed at a time
Done = Callable[[int], None]


def nobody(count: int) -> None:
    """Who hears of batches where nobody asks."""


@torch.no_grad()
def encode_sentences(
    encoder: TextEncoder,
    texts: Sequence[str],
    *,
    max_length: int,
    device: torch.device | str,
    autocast: Autocast = nullcontext,
    done: Done = nobody,
) -> Tensor:
    """Pooled vectors [N, D] of an encoder in eval mode, float32 on the CPU; what a frozen text tower needs once."""
    was_training = encoder.training
    encoder.eval()
    parts = [
        _in_parts(
            encoder,
            encoder.tokenize(texts[first : first + _TEXTS], max_length=max_length),
            encoder,
            device,
            autocast,
            done,
        )
        for first in range(0, len(texts), _TEXTS)
    ]
    encoder.train(was_training)
    return torch.cat(parts) if parts else torch.zeros(0, encoder.dim)


@torch.no_grad()
def embed_texts(
    model: TextVideoModel,
    texts: Sequence[str] | Tensor,
    *,
    max_length: int,
    device: torch.device | str,
    autocast: Autocast = nullcontext,
    done: Done = nobody,
) -> Tensor:
    """Text embeddings [N, E] of a model in eval mode, float32 on the CPU, of texts or of sentence vectors [N, D]."""
    if isinstance(texts, Tensor):
        parts = []
        for vectors_ND in torch.split(texts, _TEXTS):
            with autocast():
                parts.append(at_least_float32(model.encode_text(vectors_ND.to(device))).cpu())
            done(len(vectors_ND))
        return torch.cat(parts) if parts else torch.zeros(0, model.config.embedding_dim)
    encoder = model.encoder
    parts = [
        _in_parts(
            model.encode_text,
            encoder.tokenize(texts[first : first + _TEXTS], max_length=max_length),
            encoder,
            device,
            autocast,
            done,
        )
        for first in range(0, len(texts), _TEXTS)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, model.config.embedding_dim)


@torch.no_grad()
def embed_videos(
    model: TextVideoModel,
    store: FeatureStore,
    rows: Sequence[int] | npt.NDArray[np.int64],
    *,
    device: torch.device | str,
    autocast: Autocast = nullcontext,
    done: Done = nobody,
) -> Tensor:
    """Video embeddings [N, E] of the clips at these rows of a store, float32 on the CPU, the model in eval mode."""
    parts = [torch.zeros(0, model.config.embedding_dim)]
    for first in range(0, len(rows), VIDEO_CLIPS):
        video_BTD, mask_BT = store.gather(rows[first : first + VIDEO_CLIPS], max_frames=model.config.max_frames)
        with autocast():
            embedded = model.encode_video(torch.from_numpy(video_BTD).to(device), torch.from_numpy(mask_BT).to(device))
        parts.append(at_least_float32(embedded).cpu())
        done(len(video_BTD))
    return torch.cat(parts)


def _in_parts(
    forward: Callable[[TextInput], Tensor],
    ids: Sequence[Sequence[int]],
    encoder: TextEncoder,
    device: torch.device | str,
    autocast: Autocast,
    done: Done,
) -> Tensor:
    buckets = make_buckets(ids, encoder.pad_id, overhead=pass_overhead(device), max_tokens=TEXT_TOKENS)
    found = []
    for part in buckets.parts:
        with autocast():
            found.append(at_least_float32(forward(part.to(device))).cpu())
        done(len(found[-1]))
    return buckets.restore(found)
