"""What a person sees of a training run: notes, and live progress with rate and time left, on stderr."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class TrainTerminal:
    """The run's listener: a bar where stderr is a terminal, else a line every half minute; ``quiet``: notes only."""

    EVERY_S = 30.0

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.live = sys.stderr.isatty() and not quiet
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._what, self._steps, self._said = "", 0, 0.0

    def __enter__(self) -> "TrainTerminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def note(self, message: str) -> None:
        self._print(f"note: {message}")

    def started(self, what: str, step: int, steps: int) -> None:
        self._what, self._steps, self._said = what, steps, time.monotonic()
        if self.live:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = ("  {task.description:20}", "{task.fields[figures]}")
            self._bars = Progress(
                TextColumn(columns[0]),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(columns[1]),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bars.add_task(what, total=steps, completed=step, figures="")
            self._bars.start()
        elif not self.quiet:
            self._print(f"{what}: " + (f"goes on after step {step} of {steps}" if step else f"{steps} steps"))

    def step(self, step: int, loss: float, clips_per_s: float, seconds_left: float) -> None:
        figures = f"loss {loss:.4f}  {clips_per_s:,.0f} clips/s  {_duration(seconds_left)} left"
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=step, figures=figures)
        elif not self.quiet and time.monotonic() - self._said >= self.EVERY_S:
            self._said = time.monotonic()
            self._print(f"{self._what}: step {step} of {self._steps}  {figures}")

    def evaluated(self, epoch: int, summary: Mapping[str, float]) -> None:
        if not self.quiet:
            self._print(
                f"{self._what}: epoch {epoch}: " + ", ".join(f"{name} {value:.1f}" for name, value in summary.items())
            )

    def finished(self, what: str, seconds: float) -> None:
        self._stop()
        if not self.quiet:
            self._print(f"{what}: trained in {_duration(seconds)}")

    def _print(self, line: str) -> None:
        if self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._task = None, None


def _duration(seconds: float) -> str:
    """Such as ``42 s``, ``3 min 10 s`` or ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
