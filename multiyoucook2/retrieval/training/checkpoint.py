"""Checkpoints: the loop's whole state in one safetensors file and a JSON file that names it.

::

    FOLDER/checkpoint.json                 state of the loop, the run's identity, name, size and SHA-256 of the tensors
    FOLDER/checkpoint-000120.safetensors   model/NAME, objective/NAME, optimizer/WEIGHT/KEY, best/NAME

The JSON is replaced only after the tensors are on the disk, and the old tensors go only after that: a process killed
at any instant leaves a whole checkpoint, the new or the old one. Only tensors whose head says that they are a
checkpoint's are removed, and a checksum over the JSON's values shows an edit. Randomness needs no entry: order and
dropout are functions of the seed and the step, which the state holds.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import MyCookError, TrainingError
from ...files import PARTIAL_PREFIX, file_sha256, json_bytes, open_regular, sync_folder, write_synced

STATE_FILE = "checkpoint.json"
FORMAT = 2
_MARK = {"format": "pt", "made_by": "multiyoucook2"}


@dataclass(frozen=True)
class Checkpoint:
    """What was read: ``state`` is the loop's (JSON), ``tensors`` its tensors by name."""

    state: dict[str, Any]
    tensors: dict[str, Tensor] = field(repr=False)

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors under ``name/``, without that prefix."""
        return {key[len(name) + 1 :]: value for key, value in self.tensors.items() if key.startswith(f"{name}/")}


def save_checkpoint(
    folder: Path,
    *,
    step: int,
    state: Mapping[str, object],
    identity: Mapping[str, object],
    tensors: Mapping[str, Tensor],
) -> None:
    """Write a checkpoint and remove the one before it.

    Args:
        state: JSON-able; ``identity``: JSON-able, what a run that resumes must share (recipe, data, features).
        tensors: of any device; they are copied to the CPU.

    Raises:
        TrainingError: the disk refuses, e.g. it is full; the earlier checkpoint is whole.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = folder / f"checkpoint-{step:06d}.safetensors"
    # Both files are made in a folder of their own: what a killed save leaves, whoever named it, goes with the next.
    work = folder / f"{PARTIAL_PREFIX}checkpoint"
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        partial = work / path.name
        save_file({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, partial, _MARK)
        with partial.open("rb+") as file:
            _sync(file.fileno())
        about = {"file": path.name, "bytes": partial.stat().st_size, "sha256": file_sha256(partial)}
        values = {"format": FORMAT, "state": dict(state), "identity": dict(identity), "tensors": about}
        write_synced(work / STATE_FILE, json_bytes({**values, "checksum": _checksum(values)}))
        partial.replace(path)
        sync_folder(folder)
        (work / STATE_FILE).replace(folder / STATE_FILE)
        sync_folder(folder)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"cannot write a checkpoint into {folder}: {getattr(error, 'strerror', None) or error}",
            hint="mend that and run the same command with --resume; the checkpoint before this one is whole",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for old in folder.glob("checkpoint-*.safetensors"):
        if old != path and _is_ours(old):
            old.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    """Whether :func:`save_checkpoint` wrote a file of tensors: its head says so."""
    from safetensors import SafetensorError, safe_open

    try:
        with open_regular(path), safe_open(path, "pt") as file:
            return dict(file.metadata() or {}) == _MARK
    except (OSError, MyCookError, SafetensorError):
        return False


def _checksum(values: Mapping[str, object]) -> str:
    return hashlib.sha256(json_bytes(values)).hexdigest()


def has_checkpoint(folder: Path) -> bool:
    """Whether there is one, sound or not."""
    return (folder / STATE_FILE).exists()


def load_checkpoint(folder: Path, *, identity: Mapping[str, object]) -> Checkpoint:
    """Read and verify a checkpoint.

    Raises:
        TrainingError: none there, damaged (cut off, changed), or of another recipe, data set or features; the message
            names the first value that differs.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        format_, state, theirs, about = (found[key] for key in ("format", "state", "identity", "tensors"))
        path = folder / about["file"]
        size, digest = about["bytes"], about["sha256"]
        checksum = found.pop("checksum")
        if checksum != _checksum(found):
            raise ValueError("edited")
    except FileNotFoundError:
        raise TrainingError(f"{folder} holds no checkpoint", hint="start the run without --resume") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(folder / STATE_FILE, "it is not the JSON that was written") from None
    if format_ != FORMAT:
        raise TrainingError(f"{folder / STATE_FILE} is a checkpoint of format {format_}, not {FORMAT}")
    differs = first_difference(theirs, json.loads(json.dumps(dict(identity))))
    if differs:
        raise TrainingError(
            f"the checkpoint in {folder} is of another run: {differs}",
            hint="choose another folder with --out, or give the values that it was started with",
        )
    if not path.is_file():
        raise _damaged(path, "it is missing")
    if path.stat().st_size != size:
        raise _damaged(path, f"it has {path.stat().st_size} bytes instead of {size}")
    if file_sha256(path) != digest:
        raise _damaged(path, "its content is not what was written")
    try:
        return Checkpoint(state, load_file(path))
    except SafetensorError as error:
        raise _damaged(path, str(error)) from None


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: Mapping[nn.Parameter, str]) -> dict[str, Tensor]:
    """An optimizer's state as ``NAME//KEY`` -> tensor; ``names`` gives each weight its name."""
    return {
        f"{name}//{key}": torch.as_tensor(value)
        for weight, name in names.items()
        for key, value in optimizer.state.get(weight, {}).items()
    }


def load_optimizer_tensors(
    optimizer: torch.optim.Optimizer, names: Mapping[nn.Parameter, str], tensors: Mapping[str, Tensor]
) -> None:
    """The way back; ``step`` counts stay on the CPU unless the optimizer keeps them on the device."""
    weights = {name: weight for weight, name in names.items()}
    for key, value in tensors.items():
        name, _, entry = key.rpartition("//")
        weight = weights[name]
        on_device = (
            entry != "step" or optimizer.param_groups[0].get("fused") or optimizer.param_groups[0].get("capturable")
        )
        optimizer.state[weight][entry] = value.to(weight.device) if on_device else value


def load_strictly(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load weights of which none may lack, be too many, or have another shape.

    Raises:
        TrainingError: they do not fit.
    """
    try:
        module.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as error:
        line = " ".join(str(error).split())
        raise TrainingError(f"the checkpoint's {what} does not fit: {line[:300]}") from None


def first_difference(theirs: object, mine: object, path: str = "") -> str | None:
    """The first value in which two JSON values differ, in words; ``None`` if none does."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in sorted({*theirs, *mine}):
            found = first_difference(theirs.get(key), mine.get(key), f"{path}.{key}" if path else key)
            if found:
                return found
        return None
    return None if theirs == mine else f"{path} is {_short(theirs)} there and {_short(mine)} here"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _damaged(path: Path, how: str) -> TrainingError:
    return TrainingError(f"{path} is damaged: {how}", hint="start again in another folder with --out")


def _sync(handle: int) -> None:
    import os

    os.fsync(handle)
