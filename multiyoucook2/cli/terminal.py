"""What a person sees while a command works: notes, progress and time left, all on stderr."""

import logging
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PACKAGE = __name__.partition(".")[0]
EVERY_S = 30.0  # between two lines of progress where stderr is no terminal


class Terminal(logging.Handler):
    """The listener of the command line: a bar where stderr is a terminal, else a line now and then; or notes only.

    What the library logs is a note: downloads with their sizes, conversions, damage found, attempts that failed.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(logging.INFO)
        self.quiet = quiet
        self.live = sys.stderr.isatty() and not quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._what, self._first, self._began, self._said = "", 0, 0.0, 0.0
        self._log, self._level_before = logging.getLogger(PACKAGE), logging.NOTSET

    def __enter__(self) -> "Terminal":
        self._level_before = self._log.level
        self._log.setLevel(self.level)
        self._log.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.removeHandler(self)
        self._log.setLevel(self._level_before)
        self._stop()

    def emit(self, record: logging.LogRecord) -> None:
        """A record of the library's log is a note."""
        self.note(record.getMessage())

    def note(self, message: str) -> None:
        """One line on stderr, above the progress bar if there is one."""
        self._print(f"note: {message}")

    def started(self, what: str, done: int = 0, total: int = 0) -> None:
        """Progress, rate and time left are counted from here on."""
        self._what, self._first, self._began, self._said = what, done, time.monotonic(), time.monotonic()
        if total and not self.live and not self.quiet:
            self._print(f"{what}: " + (f"goes on after {done:,} of {total:,}" if done else f"{total:,} steps"))

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
        """Shows the bar, or a line if the last one is half a minute old."""
        if self.quiet:
            return
        shown = self._figures(done, total, figures or {})
        if self.live:
            if self._bar is None:
                self._bar = _bar()
                self._bar.start()
            if self._task is None:
                self._task = self._bar.add_task(self._what or "fetch", total=total or None, figures="")
            self._bar.update(self._task, completed=done, total=total or None, figures=shown)
        elif time.monotonic() - self._said >= EVERY_S:
            self._said = time.monotonic()
            self._print(f"{self._what}: {done:,} of {total:,}  {shown}" if total else f"{self._what}: {done:,}")

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Mapping[str, int | float]) -> None:
        """A line with what was done and how long it took."""
        self._stop()
        if not self.quiet:
            shown = ", ".join(_count(value, name) for name, value in counts.items())
            how = "unchanged" if skipped else duration(seconds)
            self._print(f"  {what:14} {how:>10}  {shown}".rstrip())

    def _figures(self, done: int, total: int, figures: Mapping[str, float]) -> str:
        named = [f"{name} {value:.4g}" for name, value in figures.items()]
        elapsed = time.monotonic() - self._began
        rate = (done - self._first) / elapsed if elapsed > 0 else 0.0
        if rate > 0:
            named.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s")
            if total > done:
                named.append(f"{duration((total - done) / rate)} left")
        return "  ".join(named)

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._task, self._what = None, None, ""


def duration(seconds: float) -> str:
    """Such as ``4.2 s``, ``42 s``, ``3 min 10 s`` or ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _count(value: int | float, name: str) -> str:
    return f"{value:,} {name}" if isinstance(value, int) else f"{name} {value:.1f}"


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("  {task.description:20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
        transient=True,
    )
