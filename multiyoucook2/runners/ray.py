"""On a Ray cluster: actors that each hold the task, and with it one model, as processes on any number of machines.

``RAY_ADDRESS`` names a cluster; without it one is started on this machine. Ray only carries pieces of work and results:
order, memory and resuming stay the caller's, and Ray's own data sets and checkpoints are not used. A worker that dies
is started again and its piece of work repeated, twice at most: a piece that ends every worker is named in the error.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import MyCookError, RecipeError, WorkspaceError, install_hint
from .base import RUNNERS, Task

RETRIES = 2  # Ray's own default is to try for ever
_AHEAD = 2  # pieces of work under way for each worker of an actor


class Ray:
    """A pool of actors: one a GPU, or one a machine, whose threads share the model's weights, unless told how many.

    Each asks for a part of a CPU only: Ray hangs in silence where nothing is left over for its own work.
    """

    name = "ray"

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers
        self._task: Task[Any, Any] | None = None
        self._actors: list[Any] = []
        self._started = False

    def __call__(self, workers: int | None = None) -> "Ray":
        """A runner with so many actors."""
        return Ray(workers)

    def map(self, task: Task[Any, Any], works: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yields (number, result) as each is finished.

        Raises:
            WorkspaceError: a piece of work has killed its worker three times.
            RecipeError: Ray is not installed.
        """
        if not works:
            return
        ray = self._start(task)
        free = self._actors * (_AHEAD * task.workers)
        waiting = iter(enumerate(works))
        running: dict[Any, tuple[int, Any]] = {}
        try:
            while True:
                while free and (following := next(waiting, None)) is not None:
                    number, work = following
                    actor = free.pop(0)
                    running[actor.run.remote(work)] = (number, actor)
                if not running:
                    return
                (done, *_), _ = ray.wait(list(running), num_returns=1)
                number, actor = running.pop(done)
                free.append(actor)
                yield number, _result(ray, done, number, len(works))
        finally:
            for reference in running:
                ray.cancel(reference)

    def close(self) -> None:
        """Ends the actors, and the cluster where it was started here."""
        if not self._actors:
            return
        import ray

        for actor in self._actors:
            ray.kill(actor)
        self._actors, self._task = [], None
        if self._started:
            ray.shutdown()
            self._started = False

    def _start(self, task: Task[Any, Any]) -> Any:
        """Ray, with an actor a worker that holds this task."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # its telemetry is on by default
        try:
            import ray
        except ImportError:
            raise RecipeError("the runner 'ray' needs Ray", hint=install_hint("ray")) from None
        if not ray.is_initialized():
            local: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": (os.cpu_count() or 1) + 2}
            ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR", **local)
            self._started = True
        if self._task != task:
            for actor in self._actors:
                ray.kill(actor)
            gpus = int(ray.cluster_resources().get("GPU", 0))
            worker = ray.remote(
                num_cpus=0.5,
                num_gpus=1 if gpus else 0,
                max_restarts=RETRIES,
                max_task_retries=RETRIES,
                max_concurrency=_AHEAD * task.workers,
            )(Worker)
            nodes = sum(node["Alive"] for node in ray.nodes())
            self._actors = [worker.remote(task) for _ in range(self._workers or gpus or nodes)]
            self._task = task
        return ray


class Worker:
    """What lives in an actor: the task, unpickled there, which loads its model with the first piece of work."""

    def __init__(self, task: Task[Any, Any]) -> None:
        self._task = task
        _ = task.workers  # opened before the first two calls come at once

    def run(self, work: Any) -> Any:
        """One piece of work."""
        return self._task(work)


def _result(ray: Any, reference: Any, number: int, count: int) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, MyCookError):
            raise error.cause from None
        raise
    except ray.exceptions.RayActorError as error:
        raise WorkspaceError(
            f"piece {number + 1} of {count} has ended its worker {RETRIES + 1} times",
            hint="it may need more memory: fewer workers, or smaller batch_tokens; what is finished is kept",
        ) from error


RUNNERS.add(Ray())
