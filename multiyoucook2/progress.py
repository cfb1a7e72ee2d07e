"""Who is told how work goes on: one listener for builds and for training, and one that hears nothing."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Listener(Protocol):
    """Hears of stages of a build, of models in training, of evaluations; the terminal is one."""

    def note(self, message: str) -> None:
        """Something the user should know, in one line."""

    def planned(self, names: Sequence[str]) -> None:
        """These pieces of work are still to be done, so that a time left can be said over all that are alike."""

    def started(self, what: str, done: int = 0, total: int = 0) -> None:
        """A piece of work begins, or goes on after ``done`` of ``total`` (0: not known) steps."""

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
        """So much of the running work is done; ``figures`` are named ones to show beside it, such as the loss."""

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Mapping[str, int | float]) -> None:
        """A piece of work is complete: done now, or found done."""


class Silent:
    """The listener that hears nothing."""

    def note(self, message: str) -> None: ...

    def planned(self, names: Sequence[str]) -> None: ...

    def started(self, what: str, done: int = 0, total: int = 0) -> None: ...

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None: ...

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Mapping[str, int | float]) -> None: ...
