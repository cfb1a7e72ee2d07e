"""Files of ``torch.save``, read without running any code in them."""

import pickle
import warnings
from pathlib import Path
from typing import Any

from ...errors import MyCookError


def load_tensors(path: Path, error: type[MyCookError]) -> Any:
    """A tensor, or tensors by name, on the CPU.

    Raises:
        error: the file holds anything else. OSError, EOFError, RuntimeError, ValueError: it cannot be read.
    """
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that torch did not write; they are refused or plain
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise error(f"{path}: it holds more than tensors, which could run code; save plain tensors") from None
    if not isinstance(found, torch.Tensor | dict):
        raise error(f"{path}: it holds neither a tensor nor tensors by name")
    return found
