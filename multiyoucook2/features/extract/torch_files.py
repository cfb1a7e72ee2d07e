"""Files of ``torch.save``, read without running any code in them."""

import pickle
import struct
import warnings
from pathlib import Path
from typing import Any

from ...errors import MyCookError, shown


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
    except (
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        AssertionError,
        struct.error,
        MemoryError,
    ) as wrong:
        raise error(f"{path} is damaged: {shown(wrong)}", hint="download or save it again") from None
    except pickle.UnpicklingError:
        raise error(f"{path}: it holds more than tensors, which could run code; save plain tensors") from None
    if not isinstance(found, torch.Tensor | dict):
        raise error(f"{path}: it holds neither a tensor nor tensors by name")
    return found
