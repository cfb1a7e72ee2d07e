"""Sweeps: what is shared is trained once, what is finished is not trained again, what is wrong is said first."""

from pathlib import Path

import pytest
import yaml

from multiyoucook2.errors import MyCookError, RecipeError
from multiyoucook2.retrieval.evaluation.table import table_of
from multiyoucook2.retrieval.training.replicates import Machine
from multiyoucook2.retrieval.training.sweep import Sweep, read_sweep, run_sweep

from .whole_runs import SMALL, KillAt, Killed, losses


def sweep_file(folder: Path, tmp_path: Path, **values: object) -> Path:
    small = {**SMALL, "epochs": 1, "evaluate_every": 0}
    runs = [
        {"recipe": "c2kd-tiny", "set": small},
        {"name": "c2kd-mean", "recipe": "c2kd-tiny", "set": {**small, "reduce": "mean"}},
    ]
    files = {"dataset": str(folder / "data"), "features": str(folder / "features"), "out": str(tmp_path / "sweep")}
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump({**files, "seeds": [0, 1], "runs": runs, **values}))
    return path


def test_a_sweep_killed_and_gone_on_with(folder: Path, tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(folder, tmp_path))
    with pytest.raises(Killed):
        run_sweep(sweep, machine=Machine("cpu"), listener=KillAt("c2kd-mean", 3))
    out = tmp_path / "sweep"
    done = (out / "c2kd-tiny-seed0/metrics.jsonl").stat().st_mtime_ns
    folders = run_sweep(sweep, machine=Machine("cpu"))
    assert [path.name for path in folders] == [
        "c2kd-tiny-seed0", "c2kd-tiny-seed1", "c2kd-mean-seed0", "c2kd-mean-seed1"
    ]  # fmt: skip
    assert (out / "c2kd-tiny-seed0/metrics.jsonl").stat().st_mtime_ns == done
    assert len(list((out / "teachers").iterdir())) == 1  # they have seeds of their own, so all runs share them
    assert losses(folders[0]) != losses(folders[1])
    systems = table_of(folders, task="t2v", measure="recall_at_10", resamples=20).systems
    assert [(system.name, system.seeds) for system in systems] == [
        ("c2kd-tiny", (0, 1)),
        ("c2kd-mean", (0, 1)),
    ]


def test_a_mistake_is_said_before_anything_is_trained(folder: Path, tmp_path: Path) -> None:
    runs = [{"recipe": "c2kd-tiny"}, {"recipe": "zero-shot-tiny", "set": {"epoch": 3}}]
    with pytest.raises(RecipeError, match="unknown key 'epoch'"):
        run_sweep(read_sweep(sweep_file(folder, tmp_path, runs=runs)), machine=Machine("cpu"))
    assert not (tmp_path / "sweep").exists()
    for values, message in (
        ({"seed": [1]}, "unknown key 'seed'"),
        ({"runs": []}, "runs"),
        ({"seeds": [1, 1]}, "a seed stands there twice"),
        ({"runs": [{"recipe": "c2kd-tiny"}] * 2}, "two runs are called c2kd-tiny"),
        ({"runs": [{"recipe": "c2kd-tiny", "name": "../x"}]}, "name"),
        ({"runs": [{"recipe": "c2kd-tiny", "set": {"seed": 3}}]}, "of c2kd-tiny, set: seed would be overruled"),
        ({"runs": [{"recipe": "c2kd-tiny", "name": "x", "set": {"name": "y"}}]}, "of x, set: name would be overruled"),
    ):
        with pytest.raises(MyCookError, match=message):
            read_sweep(sweep_file(folder, tmp_path, **values))
    with pytest.raises(RecipeError) as caught:
        read_sweep(sweep_file(folder, tmp_path, runs=[{"recipe": "c2kd-tiny", "set": {"seed": 3}}]))
    assert "`seeds:`" in caught.value.hint
    with pytest.raises(RecipeError, match="does not exist"):
        read_sweep(tmp_path / "nowhere.yaml")
    assert isinstance(read_sweep(sweep_file(folder, tmp_path)), Sweep)
