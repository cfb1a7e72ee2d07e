"""The local runner: every piece once, errors passed on, nothing run for nothing."""

import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import RecipeError
from multiyoucook2.runners.base import RUNNERS
from multiyoucook2.runners.local import Local
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.table import OpenEngine


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
    with pytest.raises(RecipeError, match="2 workers: the runner 'local' has one process"):
        RUNNERS.find("local")(2)
    with pytest.raises(RecipeError, match="unknown runner 'slurm'"):
        RUNNERS.find("slurm")


def test_equal_tasks_open_the_same_engine() -> None:
    def task(lang: str) -> EngineTask:
        engine = resolve("mini", lang, cache_dir=Path("unused"))
        return EngineTask(OpenEngine(engine, "cpu", Decoding(), 1))

    assert task("de") == task("de")
    assert task("de") != task("ja")
    assert pickle.loads(pickle.dumps(task("de"))) == task("de")
    assert len(pickle.dumps(task("de"))) < 10_000  # no weights travel
