"""What models run on: a device, and the compute types that CTranslate2 has on it. Settled once for all workers.

A compute type changes outputs. So the machine that a command is called on asks the workers what they have, picks what
all of them can supply, and tells them: none chooses for itself.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ModelError
from ..runners.base import Runner

AS_IT_IS = "default"  # the compute type of a model that is run as it is stored


@dataclass(frozen=True)
class Hardware:
    """``device`` is ``"cpu"`` or ``"cuda"``; ``compute_types`` are CTranslate2's names, such as ``int8_float16``."""

    device: str
    compute_types: frozenset[str]


def hardware(device: str = "auto") -> Hardware:
    """What this machine has. ``auto``: ``cuda`` where CTranslate2 sees a GPU, else ``cpu``.

    Raises:
        ModelError: ``cuda`` is asked for and there is none, or the name is unknown.
    """
    import ctranslate2

    if device not in ("auto", "cpu", "cuda"):
        raise ModelError(f"unknown device {device!r}", hint="known: auto, cpu, cuda")
    found = device != "cpu" and ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not found:
        raise ModelError("no CUDA device is visible", hint="use --device cpu, or see mycook doctor")
    picked = "cuda" if found else "cpu"
    return Hardware(picked, frozenset(ctranslate2.get_supported_compute_types(picked)) | {AS_IT_IS})


def hardware_of(runner: Runner, device: str = "auto") -> Hardware:
    """What all workers of a runner have; the machine that asks need not have it.

    Raises:
        ModelError: as :func:`hardware`, on a worker; or the workers' devices differ.
    """
    return _in_common(runner.ask(hardware, device))


def _in_common(found: Sequence[Hardware]) -> Hardware:
    devices = {one.device for one in found}
    if len(devices) > 1:
        raise ModelError(
            "CTranslate2 sees a GPU on some workers and none on others",
            hint="use --device cpu, or the same installation on machines of one kind",
        )
    return Hardware(found[0].device, frozenset.intersection(*(one.compute_types for one in found)))


def require(device: str, compute_type: str) -> None:
    """Checks that this machine has what was settled, before a model is loaded.

    Raises:
        ModelError: it does not.
    """
    try:
        there = compute_type in hardware(device).compute_types
    except ModelError:
        there = False
    if not there:
        raise ModelError(
            f"the model is to run on {device} as {compute_type}, which the machine {platform.node()} does not supply",
            hint="take machines of one kind for all workers, or use --device cpu",
        )
