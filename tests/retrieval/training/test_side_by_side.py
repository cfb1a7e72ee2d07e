"""Runs in processes of their own: the same as one after another, errors in words, and none outlives its parent."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from multiyoucook2.errors import TrainingError
from multiyoucook2.files import lock
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.replicates import Ground, Machine, Replicate
from multiyoucook2.retrieval.training.side_by_side import replicate_all

from .whole_runs import SMALL, losses

BOTH = Machine("cpu", threads=2, side_by_side=True)
pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")


class Heard(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def planned(folder: Path, out: Path) -> list[Replicate]:
    """Two students of one teacher, who share it."""
    recipe = training_recipe("c2kd-tiny")
    ground = Ground.of(folder / "data", folder / "features")
    small = {**SMALL, "epochs": 1, "evaluate_every": 0, "teachers": [recipe.teachers[0].model_dump()]}
    plans = {seed: training_recipe("c2kd-tiny", {**small, "seed": seed, "name": f"run-seed{seed}"}) for seed in (0, 1)}
    return [Replicate(plan, out / plan.name, ground, out / "teachers") for plan in plans.values()]


def test_the_same_as_one_after_another(folder: Path, tmp_path: Path) -> None:
    heard = Heard()
    both, alone = planned(folder, tmp_path / "both"), planned(folder, tmp_path / "alone")
    replicate_all(both, machine=BOTH, listener=heard)
    assert {f"{run.folder}: done" for run in both} < set(heard.notes)
    replicate_all(alone, machine=Machine("cpu"), listener=Silent())
    assert [losses(run.folder) for run in both] == [losses(run.folder) for run in alone]
    heard.notes.clear()
    replicate_all(both, machine=BOTH, listener=heard)
    assert heard.notes == ["2 of 2 runs are found done"]


def test_a_teacher_that_another_process_has_is_waited_for(folder: Path, tmp_path: Path) -> None:
    with ExitStack() as held:
        held.enter_context(lock(tmp_path / "teachers/tiny-a", "run"))

        class LetsGo(Silent):
            def note(self, message: str) -> None:
                if "is waited for: process" in message:
                    held.close()

        replicate_all(planned(folder, tmp_path)[:1], machine=Machine("cpu"), listener=LetsGo())
    assert (tmp_path / "run-seed0/evaluation/scores.json").exists()


def test_an_error_comes_whole_out_of_a_process() -> None:
    error = pickle.loads(pickle.dumps(TrainingError("no", hint="do", details=["one"])))  # as the pool sends it
    assert (str(error), error.hint) == ("no\n  one", "do")


def test_killed_with_its_processes(folder: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    out = tmp_path / "sweep"
    runs = [{"recipe": "translate-train-tiny", "set": {**SMALL, "epochs": 10_000, "evaluate_every": 0}}]
    files = {"dataset": str(folder / "data"), "features": str(folder / "features"), "out": str(out)}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump({**files, "seeds": [0, 1], "runs": runs}))
    command = [sys.executable, "-m", "multiyoucook2", "sweep", str(tmp_path / "sweep.yaml"), "--threads", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    holders = [out / f"translate-train-tiny-seed{seed}" / ".mycook.lock.json" for seed in (0, 1)]
    wait_for(lambda: all((path.parent / "metrics.jsonl").exists() for path in holders))
    workers = [json.loads(path.read_text())["pid"] for path in holders]
    assert len({process.pid, *workers}) == 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, a minute at most."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
