"""Where a model runs, and in which precision."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch

from ..errors import TrainingError, nearest

DEVICES = ("auto", "cpu", "cuda")
Autocast = Callable[[], AbstractContextManager[object]]


def find_device(name: str) -> torch.device:
    """``auto`` (CUDA where it is, else the CPU), ``cpu`` or ``cuda``.

    Raises:
        TrainingError: another name, or CUDA where there is none.
    """
    if name not in DEVICES:
        raise TrainingError(f"unknown device {name!r}", hint=nearest(name, DEVICES))
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise TrainingError("there is no CUDA device here", hint="choose --device cpu or auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def autocast_of(precision: str, device: torch.device) -> Autocast:
    """What a forward pass is wrapped in: half precision where that is safe for ``bf16``, nothing for ``float32``."""
    return partial(torch.autocast, device.type, torch.bfloat16) if precision == "bf16" else nullcontext
