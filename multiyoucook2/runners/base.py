"""What a runner is: it applies a task to numbered pieces of work, and gives back each result as it is finished."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..registry import Registry

Work = TypeVar("Work", contravariant=True)
Result = TypeVar("Result", covariant=True)


@dataclass(frozen=True)
class Failed:
    """In place of a result: this piece of work cannot be done, for this reason; the others can."""

    reason: str


class Task(Protocol[Work, Result]):
    """A function that can be pickled, and loads what it needs (a model) at its first call, once a process.

    The result of a piece of work may depend on that piece alone, so that every runner gives the same. It may be
    :class:`Failed`.
    """

    @property
    def workers(self) -> int:
        """How many calls pay side by side in one process, from several threads."""

    def __call__(self, work: Work) -> Result:
        """The result of one piece of work."""


class Runner(Protocol):
    """Where tasks run. It keeps what a task has loaded for as long as it is given the same task."""

    name: str

    def map(self, task: Task[Any, Any], works: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yields (number of the piece of work, its result), in the order in which they are finished.

        The result is :class:`Failed` where the piece ends every worker that is given it. An error of the task is raised
        here. What was yielded before is done; the caller keeps it.
        """

    def ask(self, question: Callable[..., Any], *arguments: Any) -> list[Any]:
        """What a function that can be pickled answers in each process where the work is done."""

    def close(self) -> None:
        """Lets go of what is held."""


class RunnerKind(Protocol):
    """A row of the registry."""

    name: str

    def __call__(self, workers: int | None = None, *, device: str = "auto") -> Runner:
        """A runner with so many processes; ``None``: as many as there is room for.

        ``device``: what the tasks compute on, ``auto``, ``cpu`` or ``cuda``; none is set aside that they do not use.
        """


RUNNERS: Registry[RunnerKind] = Registry("multiyoucook2.runners", "runner")
