"""Our side of a metric's process: started, spoken to in chunks, given a time limit, and ended with all its children."""

import json
import math
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from ...errors import ModelError, shown

ANSWER_S = 600.0  # for one chunk
LOAD_S = 7200.0  # for loading the model, which is downloaded the first time: 2 to 5 GB, at 0.7 MB/s at least
Pair = Mapping[str, str]  # src, mt and, for metrics that need one, ref


class Worker:
    """A running metric. ``about`` is what it said of itself: versions and model."""

    def __init__(self, process: "subprocess.Popen[str]", answer_s: float, load_s: float) -> None:
        self._process, self._answer_s, self._load_s, self._count = process, answer_s, load_s, 0
        self._lines: Queue[str] = Queue()
        assert process.stdout is not None
        threading.Thread(target=_read, args=(process.stdout, self._lines), daemon=True).start()
        self.about: Mapping[str, Any] = {}

    def load(self, kind: str, model: str) -> None:
        """Have the model loaded.

        Raises:
            ModelError: it cannot be, or the process ends or does not answer.
        """
        self.about = self._ask({"init": {"kind": kind, "model": model}}, "ready", self._load_s)

    def scores(self, pairs: Sequence[Pair]) -> list[float]:
        """A score a pair.

        Raises:
            ModelError: see :meth:`load`; or as many scores as pairs did not come back, or one is no number.
        """
        found = self._ask({"score": list(pairs)}, "scores", self._answer_s)
        numbers = isinstance(found, list) and all(
            isinstance(score, int | float) and math.isfinite(score) for score in found
        )
        if not numbers or len(found) != len(pairs):
            raise ModelError(f"the metric answered {shown(found, 60)} for {len(pairs)} pairs", hint=_AGAIN)
        return [float(score) for score in found]

    def _ask(self, asked: Mapping[str, Any], expected: str, limit_s: float) -> Any:
        self._count += 1
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended: the silence that follows says so
            self._process.stdin.write(json.dumps({"id": self._count, **asked}) + "\n")
            self._process.stdin.flush()
        answer = self._answer(limit_s)
        if "error" in answer:
            raise ModelError(f"the metric failed: {shown(answer['error'])}", hint=_AGAIN)
        return answer.get(expected)

    def _answer(self, limit_s: float) -> Mapping[str, Any]:
        while True:
            try:
                line = self._lines.get(timeout=limit_s)
            except Empty:
                raise ModelError(f"the metric did not answer for {limit_s:g} s", hint=_AGAIN) from None
            if not line:
                raise ModelError(f"the metric's process ended: {_how(self._process.wait())}", hint=_AGAIN)
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict) and found.get("id") == self._count:
                    return found
            # any other line is something that a library printed


_AGAIN = "run the same command again: what is there is kept; mycook score --setup METRIC makes the environment anew"


@contextmanager
def started(python: Path, program: Path, *, answer_s: float = ANSWER_S, load_s: float = LOAD_S) -> Iterator[Worker]:
    """A worker in the environment of ``python``, which sees nothing of ours; it and its children end with the block.

    Args:
        answer_s, load_s: how long it may take over a chunk, and over loading the model.

    Raises:
        ModelError: the environment is not there.
    """
    if not python.is_file():
        raise ModelError(f"the metric has no environment yet ({python})", hint="mycook score --setup METRIC")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    with subprocess.Popen(
        [str(python), "-I", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env=kept, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield Worker(process, answer_s, load_s)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _read(stream: IO[str], lines: "Queue[str]") -> None:
    with suppress(ValueError, OSError):  # closed while reading
        for line in stream:
            lines.put(line)
    lines.put("")


def _how(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        return f"{name}, {'the system had no memory left' if name == 'SIGKILL' else 'by a signal'}"
    return f"exit status {code}"
