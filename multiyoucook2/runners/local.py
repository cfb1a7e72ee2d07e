"""In this process, by threads: CTranslate2 lets go of Python's lock while it translates."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from ..errors import RecipeError
from .base import RUNNERS, Task


class Local:
    """Threads of this process, twice as many pieces of work under way as there are workers.

    The engine waits for nobody then, and what a killed process loses is what the workers were at.
    """

    name = "local"

    def __call__(self, workers: int | None = None, *, device: str = "auto") -> "Local":
        """This runner: a task knows by itself how many calls pay.

        Raises:
            RecipeError: it is told a number of processes, and there is one.
        """
        if workers is not None:
            raise RecipeError(
                f"{workers} workers: the runner 'local' has one process", hint="--threads N, or --runner ray"
            )
        return self

    def map(self, task: Task[Any, Any], works: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yields (number, result) as each is finished."""
        if not works:
            return
        ahead = 2 * task.workers
        pool = ThreadPoolExecutor(ahead, thread_name_prefix="task")
        waiting = iter(enumerate(works))
        running: dict[Future[Any], int] = {}
        try:
            while True:
                for number, work in waiting:
                    running[pool.submit(task, work)] = number
                    if len(running) >= ahead:
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def ask(self, question: Callable[..., Any], *arguments: Any) -> list[Any]:
        """The answer of this process."""
        return [question(*arguments)]

    def close(self) -> None:
        """There is nothing to let go of."""


RUNNERS.add(Local())
