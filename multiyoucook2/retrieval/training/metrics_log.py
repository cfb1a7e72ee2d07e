"""What a run writes while it goes on: ``metrics.jsonl`` always, TensorBoard scalars where tensorboard is installed.

``metrics.jsonl`` has one object a line, ``kind`` first of all: ``step`` (step, epoch, loss, lr, gradient_norm,
clips_per_s), ``evaluation`` (step, epoch, and scores by task and language), ``stopped`` (why a run broke off).
"""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from ...files import atomic_write
from ..evaluation.runfiles import METRICS_FILE, read_metrics

TENSORBOARD_FOLDER = "tensorboard"


class MetricsLog:
    """Appends to ``FOLDER/metrics.jsonl``. Opened after ``step``, it first drops what a killed run wrote beyond it.

    With ``write`` false (every process but the first) it does nothing.
    """

    def __init__(self, folder: Path, *, after_step: int, write: bool = True) -> None:
        self.path = folder / METRICS_FILE
        self._file, self._board = None, None
        if not write:
            return
        kept = [line for line in read_metrics(folder) if line["step"] <= after_step and line["kind"] != "stopped"]
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(self.path, b"".join(_line(line) for line in kept))
        self._file = self.path.open("ab")
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(folder / TENSORBOARD_FOLDER, purge_step=after_step + 1)

    def write(self, kind: str, step: int, values: Mapping[str, object]) -> None:
        """Append one line; its numbers become scalars."""
        if self._file is None:
            return
        self._file.write(_line({"kind": kind, "step": step, **values}))
        self._file.flush()
        if self._board is not None:
            for name, value in _scalars(values):
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sink in (self._file, self._board):
            if sink is not None:
                sink.close()


def _line(values: Mapping[str, object]) -> bytes:
    return (json.dumps(values, ensure_ascii=False) + "\n").encode()


def _scalars(values: Mapping[str, object], path: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += _scalars(value, f"{path}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((f"{path}{key}", float(value)))
    return found
