"""Many runs, as many at a time as there are cores: one after another where a run uses all of them, else side by side.

A run of the tiny encoder computes on one core, so studies of it have a process a core. Each does run after run; a
teacher that several runs share is trained by the first that needs it, while the others wait for it. A larger teacher of
tiny students uses all cores: until there are all such teachers, one run follows another.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace

from ...errors import TrainingError
from ...progress import Listener, Silent
from ..device import find_device, usable_cores
from .replicates import Machine, Replicate


def replicate_all(runs: Sequence[Replicate], *, machine: Machine, listener: Listener) -> None:
    """Train and score all runs that are not done.

    Raises:
        MyCookError: as :func:`.run.train`; what is finished stays finished.
    """
    left = [run for run in runs if not run.is_done()]
    if len(left) < len(runs):
        listener.note(f"{len(runs) - len(left)} of {len(runs)} runs are found done")
    for number, run in enumerate(left):
        if (count := _at_once(left[number:], machine)) > 1:
            _side_by_side(left[number:], count, machine, listener)
            return
        listener.note(f"run {number + 1} of {len(left)}: {run.folder}")
        run.do(replace(machine, threads=1) if run.on_one_core() else machine, listener)


def _at_once(runs: Sequence[Replicate], machine: Machine) -> int:
    """How many runs there is room for."""
    cores = usable_cores(machine.threads)
    alone = not machine.side_by_side or find_device(machine.device).type != "cpu"
    return 1 if alone or not all(run.on_one_core() for run in runs) else min(len(runs), cores)


def _side_by_side(runs: Sequence[Replicate], count: int, machine: Machine, listener: Listener) -> None:
    one = replace(machine, threads=1)
    listener.started(f"{len(runs)} runs, {count} at a time", 0, len(runs))
    with _processes(count) as pool:
        waiting = {pool.submit(_do, run, one): run for run in runs}
        try:
            for number, done in enumerate(as_completed(waiting), 1):
                for note in done.result():
                    listener.note(note)
                listener.note(f"{waiting[done].folder}: done")
                listener.progress(number, len(runs))
        except BrokenProcessPool:
            raise TrainingError(
                "a process that trained was ended from outside, perhaps for lack of memory",
                hint="the same command goes on; --threads 1 trains one run at a time",
            ) from None


@contextmanager
def _processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes, which end at once when the block is left by an error."""
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)
    others = set(multiprocessing.active_children())
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown()


def _begin() -> None:
    """In each process: interrupts are the parent's to answer, and this process ends when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_after, args=(parent.join,), daemon=True).start()


def _end_after(wait: Callable[[], None]) -> None:
    wait()
    os._exit(1)


def _do(run: Replicate, machine: Machine) -> list[str]:
    """Train and score a run in a process of the pool; returns what it would have noted."""
    heard = _Notes()
    run.do(machine, heard)
    return heard.notes


class _Notes(Silent):
    """The listener that keeps notes for another."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)
