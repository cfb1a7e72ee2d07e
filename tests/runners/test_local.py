"""The local runner: every piece once, errors passed on, nothing run for nothing."""

import threading
from collections.abc import Callable

import pytest

from multiyoucook2.errors import RecipeError
from multiyoucook2.runners.base import RUNNERS
from multiyoucook2.runners.local import Local


class Square:
    """A task that notes which threads called it."""

    workers = 3

    def __init__(self, fails_at: int = -1) -> None:
        self.fails_at, self.threads = fails_at, set[str]()

    def __call__(self, work: int) -> int:
        self.threads.add(threading.current_thread().name)
        if work == self.fails_at:
            raise ValueError("no")
        return work * work


def test_every_piece_once_with_its_number() -> None:
    assert sorted(Local().map(Square(), range(5, 55))) == [(place, (place + 5) ** 2) for place in range(50)]
    assert list(Local().map(Square(), [])) == []


def test_error_of_the_task_is_raised_after_what_is_done() -> None:
    done: list[int] = []

    def run() -> None:
        for number, _ in Local().map(Square(fails_at=20), range(60)):
            done.append(number)

    with pytest.raises(ValueError, match="no"):
        run()
    assert 20 not in done
    assert len(done) < 60


def test_registry_knows_the_runners() -> None:
    assert {runner.name for runner in RUNNERS} == {"local", "ray"}
    make: Callable[[int], object] = RUNNERS.find("ray")
    assert make(2) is not RUNNERS.find("ray")
    with pytest.raises(RecipeError, match="unknown runner 'slurm'"):
        RUNNERS.find("slurm")
