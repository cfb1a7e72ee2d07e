"""What a person sees: progress and notes on stderr, results on stdout as tables or JSON."""

import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PIPED_WIDTH = 120
PACKAGE = __name__.partition(".")[0]


class Terminal(logging.Handler):
    """A build's listener. Progress bars where stderr is a terminal; notes and warnings always; else silence.

    What the library logs is a note: downloads with their sizes, conversions, damage found, attempts that failed.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(logging.INFO)
        self.live = sys.stderr.isatty() and not quiet
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""
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
        if self._bars is not None:
            self._bars.console.print(f"note: {message}", markup=False, highlight=False)
        else:
            print(f"note: {message}", file=sys.stderr)

    def started(self, stage: str) -> None:
        self._stage = stage

    def progress(self, done: int, total: int) -> None:
        if not self.live:
            return
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if self._task is None:
            self._task = self._bars.add_task(self._stage or "fetch", total=total or None)
        self._bars.update(self._task, completed=done, total=total or None)

    def finished(self, stage: str, *, skipped: bool, seconds: float, counts: Mapping[str, int]) -> None:
        self._stop()
        if self.live:
            figures = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            how = "unchanged" if skipped else f"{seconds:.1f} s"
            print(f"  {stage:14} {how:>10}  {figures}", file=sys.stderr)

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._task, self._stage = None, None, ""


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second, of the last seconds."""

        def render(self, task: Any) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    columns: list[ProgressColumn] = [
        TextColumn("  {task.description:14}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    ]
    return Progress(*columns, console=Console(stderr=True), transient=True)


def print_json(value: Any) -> None:
    """The one JSON document that ``--json`` promises, with escapes where stdout cannot show every script."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(value, ensure_ascii=not unicode, indent=1))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> None:
    """A table on stdout; the columns in ``numbers`` are set to the right, the first column is never broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        side: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(name, justify=side, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        if text := line.rstrip():
            print(text)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
