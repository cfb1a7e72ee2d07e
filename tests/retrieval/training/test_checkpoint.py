"""Checkpoints: what is written is read, and what is damaged, foreign or half written is refused or survived."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.training.checkpoint import (
    first_difference,
    has_checkpoint,
    load_checkpoint,
    load_optimizer_tensors,
    load_strictly,
    optimizer_tensors,
    save_checkpoint,
)

IDENTITY = {"recipe": {"name": "x", "lr": 0.1}, "languages": ["en", "de"]}
TENSORS = {"model/weight": torch.arange(6.0).reshape(2, 3), "best/weight": torch.ones(1, dtype=torch.int64)}


def save(folder: Path, step: int = 3) -> Path:
    """Returns the file of tensors."""
    save_checkpoint(folder, step=step, state={"step": step}, identity=IDENTITY, tensors=TENSORS)
    return folder / f"checkpoint-{step:06d}.safetensors"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert not has_checkpoint(tmp_path)
    save(tmp_path)
    found = load_checkpoint(tmp_path, identity=IDENTITY)
    assert has_checkpoint(tmp_path)
    assert found.state == {"step": 3}
    assert torch.equal(found.part("model")["weight"], TENSORS["model/weight"])
    assert found.part("best")["weight"].dtype == torch.int64
    assert found.part("mod") == {}


def test_a_new_checkpoint_replaces_the_old_one(tmp_path: Path) -> None:
    old, new = save(tmp_path, 3), save(tmp_path, 10)
    assert load_checkpoint(tmp_path, identity=IDENTITY).state == {"step": 10}
    assert new.exists()
    assert not old.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.json", new.name}


@pytest.mark.parametrize("size", [0, 7, 100])
def test_truncated_tensors_are_refused(tmp_path: Path, size: int) -> None:
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(TrainingError, match=rf"damaged: it has {size} bytes instead of \d+") as caught:
        load_checkpoint(tmp_path, identity=IDENTITY)
    assert "\n" not in str(caught.value)


def test_changed_tensors_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="its content is not what was written"):
        load_checkpoint(tmp_path, identity=IDENTITY)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        load_checkpoint(tmp_path, identity=IDENTITY)
    save(tmp_path).unlink()
    with pytest.raises(TrainingError, match="it is missing"):
        load_checkpoint(tmp_path, identity=IDENTITY)
    (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(TrainingError, match="not the JSON that was written"):
        load_checkpoint(tmp_path, identity=IDENTITY)


def test_another_run_is_refused_with_the_value_that_differs(tmp_path: Path) -> None:
    save(tmp_path)
    other = {**IDENTITY, "recipe": {"name": "x", "lr": 0.2}}
    with pytest.raises(TrainingError, match=r"of another run: recipe\.lr is 0\.1 there and 0\.2 here"):
        load_checkpoint(tmp_path, identity=other)


def test_first_difference() -> None:
    assert first_difference({"a": [1], "b": {"c": 2}}, {"b": {"c": 2}, "a": [1]}) is None
    assert first_difference({"a": 1}, {"a": 1, "b": 2}) == "b is null there and 2 here"


def test_tensors_that_do_not_fit_are_refused() -> None:
    module = nn.Linear(3, 2)
    for wrong in ({}, {"weight": torch.zeros(2, 3), "bias": torch.zeros(3)}):
        with pytest.raises(TrainingError, match="the checkpoint's model does not fit"):
            load_strictly(module, wrong, "model")


@pytest.mark.parametrize("fused", [False, True])
def test_an_optimizer_goes_on_as_if_never_stopped(tmp_path: Path, fused: bool) -> None:
    def make() -> tuple[nn.Linear, torch.optim.Adam]:
        torch.manual_seed(0)
        module = nn.Linear(3, 2)
        return module, torch.optim.Adam(module.parameters(), lr=0.1, fused=fused)

    def work(module: nn.Linear, optimizer: torch.optim.Adam, steps: range) -> None:
        for step in steps:
            optimizer.zero_grad()
            module(torch.full((1, 3), float(step))).square().sum().backward()
            optimizer.step()

    straight, optimizer = make()
    work(straight, optimizer, range(6))
    stopped, first = make()
    work(stopped, first, range(3))
    names = {weight: name for name, weight in stopped.named_parameters()}
    save_checkpoint(tmp_path, step=3, state={}, identity={}, tensors=optimizer_tensors(first, names))
    resumed, second = make()
    resumed.load_state_dict(stopped.state_dict())
    names = {weight: name for name, weight in resumed.named_parameters()}
    load_optimizer_tensors(second, names, load_checkpoint(tmp_path, identity={}).tensors)
    work(resumed, second, range(3, 6))
    assert torch.equal(resumed.weight, straight.weight)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    save(tmp_path, 3)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(TrainingError, match="cannot write a checkpoint into"):
            save_checkpoint(tmp_path, step=4, state={}, identity=IDENTITY, tensors={"big": torch.zeros(9999)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_checkpoint(tmp_path, identity=IDENTITY).state == {"step": 3}
    assert len(list(tmp_path.iterdir())) == 2


def test_killed_at_any_instant_a_whole_checkpoint_remains(tmp_path: Path) -> None:
    """A process that does nothing but save is killed again and again; what it leaves can always be read."""
    program = (
        "import sys, torch; from pathlib import Path\n"
        "from multiyoucook2.retrieval.training.checkpoint import save_checkpoint\n"
        "for step in range(1, 1000000):\n"
        "    tensors = {'x': torch.full((100_000,), float(step))}\n"
        "    save_checkpoint(Path(sys.argv[1]), step=step, state={'step': step}, identity={}, tensors=tensors)\n"
    )
    root = str(Path(__file__).parent.parent.parent.parent)
    seen = []
    for wait_s in (0.0, 0.011, 0.023, 0.037):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
        )
        (tmp_path / "checkpoint.json").unlink(missing_ok=True)
        while not (tmp_path / "checkpoint.json").exists():
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = load_checkpoint(tmp_path, identity={})
        assert torch.equal(found.tensors["x"], torch.full((100_000,), float(found.state["step"])))
        seen.append(json.loads((tmp_path / "checkpoint.json").read_text())["tensors"]["file"])
    save_checkpoint(tmp_path, step=0, state={}, identity={}, tensors={"x": torch.zeros(1)})
    assert len(list(tmp_path.iterdir())) == 2  # leftovers of killed saves are gone
