"""The model that an index was made with, for its queries; checked to be that very model."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ...errors import ModelError, RecipeError
from ...files.whole import known_sha256
from ..evaluation.embed import embed_texts
from ..model.towers import TextVideoModel
from ..objectives.similarity import unit

_NOT_THE_MODEL = ("README.md", "manifest.json")  # a card may be written anew


def model_hash(folder: Path) -> str:
    """16 hex digits over the names and contents of a model's files, its card excepted.

    Raises:
        ModelError: there is no such folder, or no file in it.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    files = [path for path in found if path.relative_to(folder).as_posix() not in _NOT_THE_MODEL]
    if not files:
        raise ModelError(f"there is no model folder {folder}")
    lines = [f"{path.relative_to(folder).as_posix()}\0{known_sha256(path)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def choose_device(device: str) -> str:
    """``auto``, ``cpu`` or ``cuda`` -> a device that is there.

    Raises:
        RecipeError: it is not.
    """
    if device not in ("auto", "cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise RecipeError(f"cannot use the device {device!r}", hint="auto, cpu, or cuda where there is one")
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def unit_float16(vectors: torch.Tensor) -> npt.NDArray[np.float16]:
    """Rows of length 1 as they are stored and searched."""
    found: npt.NDArray[np.float16] = unit(vectors).to(torch.float16).numpy()
    return found


class QueryModel:
    """Texts -> unit vectors in float16, one call at a time, whoever calls.

    Args:
        max_length: tokens that a text is cut to.
    """

    def __init__(self, model: TextVideoModel, *, max_length: int, device: str) -> None:
        self.model, self._max_length, self.device = model.to(device).eval(), max_length, device
        self.lock = threading.Lock()  # several people may ask at once

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float16]:
        """[Q, E]."""
        with self.lock:
            found = embed_texts(self.model, list(texts), max_length=self._max_length, device=self.device)
        return unit_float16(found)
