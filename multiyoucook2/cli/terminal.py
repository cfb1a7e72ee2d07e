"""What a person sees while a command works: notes, progress and time left, all on stderr."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import LINE_CHARACTERS, shown
from .pace import Overall, Pace, duration

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
        self._tasks: dict[str, TaskID] = {}
        self._what, self._said = "", 0.0
        self._pace, self._overall = Pace(), Overall()
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
        self._print(f"note: {shown(message, LINE_CHARACTERS)}")

    def planned(self, names: Sequence[str]) -> None:
        """Progress and time left are said over all of these that are alike, too."""
        self._overall.planned(names)

    def started(self, what: str, done: int = 0, total: int = 0) -> None:
        """Progress, rate and time left are counted from here on."""
        self._what, self._pace, self._said = what, Pace(), time.monotonic()
        if total and not self.live and not self.quiet:
            self._print(f"{what}: " + (f"goes on after {done:,} of {total:,}" if done else f"{total:,} steps"))

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
        """Shows the bar, or a line if the last one is half a minute old."""
        if self.quiet:
            return
        named = [f"{name} {value:.4g}" for name, value in (figures or {}).items()]
        shown = "  ".join(named + self._pace.words(done, total))
        overall = self._overall.heard(self._what, done, total)
        every = f"all {self._overall.count(self._what)}" if overall else ""
        if self.live:
            self._show(self._what or "fetch", done, total, shown)
            if overall:
                self._show(every, *overall)
        elif time.monotonic() - self._said >= EVERY_S:
            self._said = time.monotonic()
            line = f"{self._what}: {done:,} of {total:,}  {shown}" if total else f"{self._what}: {done:,}"
            if overall:
                line += f"; {every}: {overall[0]:,} of {overall[1]:,}  {overall[2]}"
            self._print(line.rstrip())

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Mapping[str, int | float]) -> None:
        """A line with what was done and how long it took."""
        self._stop()
        if not self.quiet:
            shown = ", ".join(_count(value, name) for name, value in counts.items())
            how = "unchanged" if skipped else duration(seconds)
            self._print(f"  {what:14} {how:>10}  {shown}".rstrip())

    def _show(self, name: str, done: int, total: int, figures: str) -> None:
        """A bar of a name, on a terminal."""
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=total or None, figures="")
        self._bar.update(self._tasks[name], completed=done, total=total or None, figures=figures)

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._tasks, self._what = None, {}, ""


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
