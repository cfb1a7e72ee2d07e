"""Threads that decode several videos at once, and a queue between them and the encoder that bounds the memory."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Item = TypeVar("Item")
_POLL_S = 0.2


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class Workers(Generic[Job, Item]):
    """Iterate over what ``work`` yields for each job, from ``threads`` jobs at once; order is kept within a job.

    At most ``ahead`` items wait. What a job raises is raised where the items are read. Leaving the ``with`` stops the
    threads after the item that they are at.
    """

    def __init__(self, jobs: Iterable[Job], work: Callable[[Job], Iterator[Item]], *, threads: int, ahead: int) -> None:
        self._jobs, self._work = iter(jobs), work
        self._items: queue.Queue[Any] = queue.Queue(max(1, ahead))
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(max(1, threads))]

    def __enter__(self) -> "Workers[Job, Item]":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def __iter__(self) -> Iterator[Item]:
        running = len(self._threads)
        while running:
            item = self._items.get()
            if isinstance(item, _Failed):
                raise item.error
            if item is None:
                running -= 1
            else:
                yield item

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                with self._lock:
                    try:
                        job = next(self._jobs)
                    except StopIteration:
                        break
                for item in self._work(job):
                    if not self._put(item):
                        return
            self._put(None)
        except BaseException as error:  # raised again by the reader
            self._put(_Failed(error))

    def _put(self, item: object) -> bool:
        """Waits for room, and gives up when nobody reads any more."""
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False
