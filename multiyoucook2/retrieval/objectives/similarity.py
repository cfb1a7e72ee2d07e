"""Cosine similarity, rows texts, columns videos."""

import torch.nn.functional as F
from torch import Tensor

from .losses import at_least_float32


def unit(x_NE: Tensor) -> Tensor:
    """Rows of length 1, in float32 or better. A zero row stays zero."""
    return F.normalize(at_least_float32(x_NE), dim=-1)


def cosine_similarity(text_QE: Tensor, video_CE: Tensor) -> Tensor:
    """Cosines in [-1, 1] of every text with every video, shape [Q, C], float32 or better.

    Raises:
        ValueError: the embeddings have different sizes.
    """
    if text_QE.ndim != 2 or video_CE.ndim != 2 or text_QE.shape[1] != video_CE.shape[1]:
        raise ValueError(f"embeddings must be [Q, E] and [C, E], not {list(text_QE.shape)} and {list(video_CE.shape)}")
    return unit(text_QE) @ unit(video_CE).T
