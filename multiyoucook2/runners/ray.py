"""On a Ray cluster: actors that each hold one task, and with it one model, as processes on any number of machines.

``RAY_ADDRESS`` names a cluster; without it one is started on this machine. Ray only carries pieces of work and results:
order, memory and resuming stay the caller's, and Ray's own data sets, restarts and checkpoints are not used. A worker
that dies is replaced; where its machine is lost, the others go on without it. The pieces that it had are done again one
at a time, so that one which ends every worker is known for certain, and ends no others.
"""

import importlib.util
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from ..errors import MyCookError, RecipeError, WorkspaceError, install_hint, shown
from .base import RUNNERS, Failed, Task
from .cluster import connect, room

log = logging.getLogger(__name__)

RETRIES = 2  # Ray's own default is to try for ever
PATIENCE_S = 60.0  # without a result, after which workers that wait for room are told
_AHEAD = 2  # pieces of work under way for each worker of an actor


class Ray:
    """A pool of actors: one a GPU, or one a machine, whose threads share the model's weights, unless told how many.

    Ray waits in silence for actors that it has no room for: so the room is counted first, and who waits for a cluster
    that others use is told.
    """

    name = "ray"

    def __init__(self, workers: int | None = None, *, device: str = "auto") -> None:
        self._workers = workers
        self._gpus = 0 if device == "cpu" else None  # of each actor; once it is joined, the cluster says how many
        self._slots: list[_Slot] = []
        self._started = False

    def __call__(self, workers: int | None = None, *, device: str = "auto") -> "Ray":
        """A runner with so many actors, which take no GPU where the device is ``cpu``.

        Raises:
            RecipeError: Ray is not installed.
        """
        if importlib.util.find_spec("ray") is None:
            raise RecipeError("the runner 'ray' needs Ray", hint=install_hint("ray"))
        return Ray(workers, device=device)

    def map(self, task: Task[Any, Any], works: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yields (number, result) as each is finished; ``Failed`` where a piece has ended its worker three times.

        Raises:
            RecipeError: the cluster has no room for so many workers.
            WorkspaceError: there is no cluster, its workers cannot start, or it has lost all machines.
        """
        if not works:
            return
        self._open()
        import ray

        shared = ray.put(task)
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

    def ask(self, question: Callable[..., Any], *arguments: Any) -> list[Any]:
        """What a function answers in each actor. Raises as :meth:`map`."""
        self._open()
        answers = [self._answer(slot, question, arguments) for slot in list(self._slots)]
        return [answer for slot_answers in answers for answer in slot_answers]

    def close(self) -> None:
        """Ends the actors, and the cluster where it was started here."""
        if not self._slots and not self._started:
            return
        import ray

        for slot in self._slots:
            ray.kill(slot.actor)
        self._slots = []
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
                done = self._first_of(running)
                number, slot, actor = running.pop(done)
                result = _result(done)
                if isinstance(result, _Ended) and slot.actor is actor:
                    self._replace(slot)
                free = [place for place in (*free, slot) if place in self._slots]
                yield number, result
        finally:
            for reference in running:
                ray.cancel(reference)

    def _answer(self, slot: "_Slot", question: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Any]:
        """One answer, or none where the place is lost."""
        for _ in range(RETRIES + 1):
            if slot not in self._slots:
                return []
            answer = _result(self._first_of([slot.actor.answer.remote(question, *arguments)]))
            if not isinstance(answer, _Ended):
                return [answer]
            self._replace(slot)
        hint = "Ray's logs on their machines say why"
        raise WorkspaceError(f"Ray's workers end as soon as they start ({answer.reason})", hint=hint)

    def _first_of(self, references: Collection[Any]) -> Any:
        """The first of some calls that is finished."""
        import ray

        while True:
            finished, _ = ray.wait(list(references), num_returns=1, timeout=PATIENCE_S)
            if finished:
                return finished[0]
            ready, _ = ray.wait([slot.ready for slot in self._slots], num_returns=len(self._slots), timeout=0)
            late = [slot for slot in self._slots if slot.ready not in ready]
            for slot in late:
                self._drop_without_room(slot)
            if late := [slot for slot in late if slot in self._slots]:
                log.warning(
                    "%d of %d workers have not started yet: the cluster is in use by others",
                    len(late), len(self._slots),
                )  # fmt: skip

    def _replace(self, slot: "_Slot") -> None:
        """Another actor in the place of one that has died, if a machine is left for it."""
        if slot in self._slots and not self._drop_without_room(slot):
            slot.renew()

    def _drop_without_room(self, slot: "_Slot") -> bool:
        """Whether the cluster has become too small for all places, so that this one is given up.

        Ray may tell of a lost machine later than of its actor: then the next one starts beside another, or waits for
        room and is given up once late.

        Raises:
            WorkspaceError: no place is left.
        """
        import ray

        if room(self._gpus).most(self._workers) >= len(self._slots):
            return False
        self._slots.remove(slot)
        ray.kill(slot.actor)  # what it was given is done again by the others
        log.warning("the cluster has lost a machine: %d workers go on", len(self._slots))
        if not self._slots:
            raise WorkspaceError("the cluster has lost its machines", hint="ray status; the same command goes on")
        return True

    def _open(self) -> None:
        """Ray, with its actors."""
        if self._slots:
            return
        import ray

        if not ray.is_initialized():
            connect()
            self._started = True
        found = room(self._gpus)
        self._gpus = found.gpus
        options = found.options | {"max_concurrency": _AHEAD * (os.cpu_count() or 1)}
        self._slots = [_Slot(options) for _ in range(found.workers(self._workers))]


class Worker:
    """What lives in an actor: the last task that it was given, whose model is loaded with the first piece of work."""

    def __init__(self) -> None:
        self._task: Task[Any, Any] | None = None
        self._opening = Lock()

    def answer(self, question: Callable[..., Any], *arguments: Any) -> Any:
        """What a function gives here."""
        return question(*arguments)

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
        self.ready = self.actor.__ray_ready__.remote()


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
