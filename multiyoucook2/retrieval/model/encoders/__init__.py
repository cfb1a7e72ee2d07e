"""Text encoders: a file each kind. ``encoder_kind`` says which kind a recipe's ``encoder`` is of."""

from .base import KINDS, EncoderKind, EncoderSpec, TextEncoder, TextKey, Wanted, encoder_kind, restore_encoder
from .tiny import tiny_encoder
from .transformers import ENCODERS, find_encoder, load_encoder
from .vectors import vector_encoder

__all__ = [
    "ENCODERS",
    "KINDS",
    "EncoderKind",
    "EncoderSpec",
    "TextEncoder",
    "TextKey",
    "Wanted",
    "encoder_kind",
    "find_encoder",
    "load_encoder",
    "restore_encoder",
    "tiny_encoder",
    "vector_encoder",
]
