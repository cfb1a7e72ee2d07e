"""On a Ray cluster: actors that each hold one task, and with it one model, as processes on any number of machines.

``RAY_ADDRESS`` names a cluster; without it one is started on this machine. Ray only carries pieces of work and results:
order, memory and resuming stay the caller's, and Ray's own data sets, restarts and checkpoints are not used. A worker
that dies is replaced. The pieces that it had are done again one at a time, so that one which ends every worker is known
for certain, and ends no others.
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from ..errors import MyCookError, RecipeError, WorkspaceError, install_hint, shown
from .base import RUNNERS, Failed, Task

RETRIES = 2  # Ray's own default is to try for ever
_AHEAD = 2  # pieces of work under way for each worker of an actor


class Ray:
    """A pool of actors: one a GPU, or one a machine, whose threads share the model's weights, unless told how many.

    Each asks for a part of a CPU only: Ray hangs in silence where nothing is left over for its own work.
    """

    name = "ray"

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers
        self._side_by_side = 0  # calls that an actor takes at a time
        self._slots: list[_Slot] = []
        self._started = False

    def __call__(self, workers: int | None = None) -> "Ray":
        """A runner with so many actors.

        Raises:
            RecipeError: Ray is not installed.
        """
        if importlib.util.find_spec("ray") is None:
            raise RecipeError("the runner 'ray' needs Ray", hint=install_hint("ray"))
        return Ray(workers)

    def map(self, task: Task[Any, Any], works: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yields (number, result) as each is finished; ``Failed`` where a piece has ended its worker three times."""
        if not works:
            return
        shared = self._start(task)
        left = dict(enumerate(works))
        for ahead in (_AHEAD * task.workers, *[1] * RETRIES):
            ended: dict[int, str] = {}
            for number, result in self._round(shared, left, ahead):
                if isinstance(result, _Ended):
                    ended[number] = result.reason
                else:
                    yield number, result
            left = {number: left[number] for number in ended}
            if not left:
                return
        for number, reason in ended.items():
            yield number, Failed(f"it has ended its worker {RETRIES + 1} times ({reason})")

    def close(self) -> None:
        """Ends the actors, and the cluster where it was started here."""
        if not self._slots:
            return
        import ray

        for slot in self._slots:
            ray.kill(slot.actor)
        self._slots, self._side_by_side = [], 0
        if self._started:
            ray.shutdown()
            self._started = False

    def _round(self, task: Any, works: Mapping[int, Any], ahead: int) -> Iterator[tuple[int, Any]]:
        """Each piece of work once, ``ahead`` of them at a time on each actor; ``_Ended`` where its actor has died."""
        import ray

        free = self._slots * ahead
        waiting = iter(works.items())
        running: dict[Any, tuple[int, _Slot, Any]] = {}
        try:
            while True:
                while free and (following := next(waiting, None)) is not None:
                    slot = free.pop(0)
                    running[slot.actor.run.remote(task, following[1])] = (following[0], slot, slot.actor)
                if not running:
                    return
                (done, *_), _ = ray.wait(list(running), num_returns=1)
                number, slot, actor = running.pop(done)
                result = _result(done)
                if isinstance(result, _Ended) and slot.actor is actor:
                    slot.renew()
                free.append(slot)
                yield number, result
        finally:
            for reference in running:
                ray.cancel(reference)

    def _start(self, task: Task[Any, Any]) -> Any:
        """Ray, with its actors; where Ray keeps the task."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # its telemetry is on by default
        import ray

        if not ray.is_initialized():
            local: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": (os.cpu_count() or 1) + 2}
            ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR", **local)
            self._started = True
        if self._side_by_side != (side_by_side := _AHEAD * task.workers):
            for slot in self._slots:
                ray.kill(slot.actor)
            gpus = int(ray.cluster_resources().get("GPU", 0))
            nodes = sum(node["Alive"] for node in ray.nodes())
            options = {"num_cpus": 0.5, "num_gpus": 1 if gpus else 0, "max_concurrency": side_by_side}
            self._slots = [_Slot(options) for _ in range(self._workers or gpus or nodes)]
            self._side_by_side = side_by_side
        return ray.put(task)


class Worker:
    """What lives in an actor: the last task that it was given, whose model is loaded with the first piece of work."""

    def __init__(self) -> None:
        self._task: Task[Any, Any] | None = None
        self._opening = Lock()

    def run(self, task: Task[Any, Any], work: Any) -> Any:
        """One piece of work."""
        with self._opening:
            if self._task != task:
                _ = task.workers  # opened once, though the first calls come side by side
                self._task = task
            held = self._task
        return held(work)


class _Slot:
    """The place of one actor, which is renewed when it dies."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self.renew()

    def renew(self) -> None:
        """Another actor, in a process of its own."""
        import ray

        self.actor: Any = ray.remote(**self._options)(Worker).remote()


class _Ended(Failed):
    """A piece of work whose actor died."""


def _result(reference: Any) -> Any:
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, MyCookError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:  # the actor, its machine or its memory
        if getattr(error, "actor_init_failed", False):  # no piece of work has even been looked at
            reason = str(error).strip().splitlines()[-1].strip()
            hint = "the same version of this package has to be installed on every machine of the cluster"
            raise WorkspaceError(f"Ray's workers cannot start: {shown(reason)}", hint=hint) from None
        return _Ended(type(error).__name__)


RUNNERS.add(Ray())
