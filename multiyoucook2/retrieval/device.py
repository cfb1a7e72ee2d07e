"""Where a model runs, in which precision, and on how many cores."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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


def usable_cores(threads: int | None = None) -> int:
    """Those that this process may use, or as many of them as are asked for.

    Raises:
        TrainingError: fewer than one, or more than there are.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads is not None and not 1 <= threads <= cores:
        raise TrainingError(f"--threads {threads} on {cores} cores", hint=f"give a whole number from 1 to {cores}")
    return threads or cores


@contextmanager
def using_threads(threads: int | None, processes: int = 1) -> Iterator[None]:
    """Have torch compute on so many cores within the block: by default on those that this process may use, shared out
    among the processes of a run. More threads than cores wait for one another.

    Raises:
        TrainingError: see :func:`usable_cores`.
    """
    cores, before = usable_cores(threads), torch.get_num_threads()
    torch.set_num_threads(threads or max(1, min(before, cores // processes)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
