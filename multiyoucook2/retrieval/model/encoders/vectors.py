"""Sentence vectors that were computed elsewhere stand in for an encoder: ``encoder: vectors:FOLDER``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ....errors import ModelError
from ....features.store import FeatureStore
from ...data.tokens import Tokens
from ...data.vectors import read_vectors
from .base import KINDS, EncoderKind, EncoderSpec, TextEncoder, TextKey, Wanted


class VectorEncoder(TextEncoder):
    """Passes vectors through; it has no network and cannot encode a new text. ``store`` is where the vectors lie."""

    store: FeatureStore | None = None

    @property
    def pad_id(self) -> int:
        return 0

    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        raise self._cannot()

    def hidden(self, tokens: Tokens) -> Tensor:
        raise self._cannot()

    def save_parts(self, folder: Path) -> dict[str, object]:
        return {}

    def lookup(self, keys: Sequence[TextKey]) -> Tensor | None:
        return read_vectors(self.store, keys) if self.store is not None else None

    def attach(self, argument: str) -> None:
        self.store = FeatureStore.open(argument)

    def _cannot(self) -> ModelError:
        return ModelError(
            f"the encoder {self.spec.name!r} has vectors only and cannot encode new text",
            hint="compute the vectors with the same model, or train with an encoder such as tiny or labse",
        )


def vector_encoder(name: str, dim: int, store: FeatureStore | None = None) -> VectorEncoder:
    """The stand-in for a model whose sentence vectors were computed elsewhere; see :mod:`...data.vectors`."""
    encoder = VectorEncoder(EncoderSpec(name, "", kind="vectors"), None, None, dim, trainable=False)
    encoder.store = store
    return encoder


def _new(argument: str, wanted: Wanted) -> TextEncoder:
    store = FeatureStore.open(argument)
    return vector_encoder(store.name, store.dim, store)


def _restore(folder: Path, spec: EncoderSpec, shape: Mapping[str, Any]) -> TextEncoder:
    return VectorEncoder(spec, None, None, shape["dim"], trainable=False)


KINDS.add(
    EncoderKind(
        "vectors",
        _new,
        _restore,
        outside=lambda folder: FeatureStore.open(folder).content_hash,
        check=lambda folder, offline: FeatureStore.open(folder),
    )
)
