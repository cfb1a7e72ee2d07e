"""The training commands: the whole chain, a kill -9, two processes of accelerate, bad input.

What a test is about runs as a real process; what it needs besides, in this one, as importing torch takes seconds.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, MyCook
from safetensors.torch import load_file

from multiyoucook2.cli import process as cli
from multiyoucook2.retrieval.evaluation.runfiles import read_metrics

from ..small_data import LANGS

SMALL = ("--batch-size", "16", "--set", "hidden_dim=16", "--set", "embedding_dim=16", "--set", "tiny.vocab_size=400")


@pytest.fixture(autouse=True)
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread a process: tiny products are faster so."""
    monkeypatch.setitem(environment, "OMP_NUM_THREADS", "1")


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[str, str]]]:
    """Run ``mycook ARGUMENTS`` in this process, in the folder of ``mycook``; returns its output and its errors."""
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments: object, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["mycook", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        assert (left.value.code or 0) == code, said
        return said.out, said.err

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


def losses(run: Path) -> list[tuple[int, float, float]]:
    """Step, loss and gradient norm of each step."""
    lines = [line for line in read_metrics(run) if line["kind"] == "step"]
    return [(line["step"], line["loss"], line["gradient_norm"]) for line in lines]


def test_the_whole_chain(mycook: MyCook, here: Callable[..., tuple[str, str]], folder: Path, tmp_path: Path) -> None:
    """Simulate, teachers, c2kd, evaluate, a baseline, compare, report: offline, each step by its command."""
    data = folder / "data"
    said = mycook("features", "simulate", "--dataset", data, "--out", "features", "--dim", 32, "--difficulty", 0.2)
    assert "features: 128 clips of simulated, 32 dimensions" in said.stdout
    files = ("--dataset", data, "--features", "features", "--device", "cpu", *SMALL)
    trained = mycook("train", *files, "--recipe", "c2kd-tiny", "--epochs", 2, "--json")
    found = json.loads(trained.stdout)
    assert found["run"] == "runs/c2kd-tiny"
    assert {row["lang"] for row in found["scores"]} == {*LANGS, "mean", "mean-not-en"}
    assert "teacher-tiny-a: 12 steps" in trained.stderr
    assert (tmp_path / "runs/c2kd-tiny/tensorboard").is_dir()

    table = mycook("evaluate", "runs/c2kd-tiny", "--langs", "DE, en").stdout
    label = "data:small@00000000|split:validation|pool:32|query:first|ties:mean~1e-06|feat:simulated@"
    lines = [line for line in table.splitlines() if line.startswith("R@K|")]
    assert lines[0].startswith(f"R@K|{label}")
    assert len(lines) == 1  # what all scores agree in, once, at the end
    assert table.rstrip().endswith(lines[0])

    here("train", *files, "--recipe", "translate-train-tiny", "--epochs", 1, "--langs", "de,en", "--quiet")
    compared = json.loads(mycook("compare", "runs/c2kd-tiny", "runs/translate-train-tiny", "--json").stdout)
    assert {row["lang"] for row in compared} == {"de", "en", "mean", "mean-not-en"}
    assert "translate-train-tiny" in here("compare", "runs/c2kd-tiny", "runs/translate-train-tiny")[0]
    page = mycook("report", "runs/c2kd-tiny", "runs/translate-train-tiny", "--out", "report").stdout.strip()
    assert "translate-train-tiny" in (tmp_path / page).read_text()
    assert (tmp_path / "report/languages-t2v.png").read_bytes().startswith(b"\x89PNG")


def test_killed_and_resumed_is_the_straight_run(
    mycook: MyCook,
    here: Callable[..., tuple[str, str]],
    folder: Path,
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    """kill -9 between two checkpoints of an epoch: the resumed run has the losses of one that was left alone."""
    command = [
        "train", "--dataset", folder / "data", "--features", folder / "features", "--recipe", "translate-train-tiny",
        "--device", "cpu", "--epochs", 6, "--set", "checkpoint_steps=1", "--set", "evaluate_every=0", *SMALL,
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "multiyoucook2", *map(str, command), "--out", "killed"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(read_metrics(tmp_path / "killed")) < 8:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    at = len(read_metrics(tmp_path / "killed"))
    assert 8 <= at < 36
    here(*command, "--out", "straight")
    resumed = mycook(*command, "--out", "killed", "--resume")
    assert "goes on after" in resumed.stderr
    straight, again = (losses(tmp_path / name) for name in ("straight", "killed"))
    assert again == straight
    assert len(again) == 36
    one, other = (load_file(tmp_path / name / "model/model.safetensors") for name in ("straight", "killed"))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_accelerate_launches_two_processes(
    here: Callable[..., tuple[str, str]], folder: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Teachers and student in two gloo processes: the losses of one process, up to rounding."""
    command = [
        "train", "--dataset", folder / "data", "--features", folder / "features", "--recipe", "c2kd-tiny",
        "--device", "cpu", "--epochs", 1, *SMALL,
    ]  # fmt: skip
    here(*command, "--out", "one")
    launch = [
        "--cpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
    ]
    program = [sys.executable, "-m", "accelerate.commands.launch", *launch, "--main_process_port", "0"]
    done = subprocess.run(
        [*program, "-m", "multiyoucook2", *map(str, command), "--out", "two"],
        cwd=tmp_path,
        env={**environment, "PYTHONWARNINGS": "default"},  # accelerate's own
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("text to video") == 1
    for run in ("teachers/tiny-b", "."):
        one, two = (losses(tmp_path / out / run) for out in ("one", "two"))
        assert len(one) == 6
        np.testing.assert_allclose(two, one, rtol=1e-3)


def test_import_of_plain_arrays(mycook: MyCook, tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val")):
        np.savez(tmp_path / f"{split}.npz", **{f"clip_{number}{row}": np.ones((3, 4)) for row in range(2)})
    said = json.loads(
        mycook("features", "import", "train.npz", "val.npz", "--name", "clip", "--out", "f", "--json").stdout
    )
    assert (said["clips"], said["dim"], said["name"]) == (4, 4, "clip")
    assert "does not say what its features are" in mycook("features", "import", "val.npz", "--out", "g", code=1).stderr


def test_bad_input_is_an_error_line_and_a_hint(here: Callable[..., tuple[str, str]], folder: Path) -> None:
    files = ("--dataset", folder / "data", "--features", folder / "features")
    cases: list[tuple[tuple[object, ...], str]] = [
        (("train", *files, "--recipe", "c2kd"), "unknown recipe 'c2kd'"),
        (("train", *files, "--objective", "zeroshot"), "unknown objective 'zeroshot'"),
        (("train", *files, "--set", "reduce"), "is not KEY=VALUE"),
        (("evaluate", "nowhere"), "nowhere holds no run"),
        (("evaluate", "nowhere", "--langs", ","), "no language given"),
        (("compare", "a", "b"), "a is not evaluated"),
        (("compare", "a", "b", "--measure", "bogus", "--json"), "there is no measure 'bogus'"),
        (("compare", "a", "b", "--task", "v2v", "--json"), "there is no task 'v2v'"),
        (("train", *files, "--set", "tiny.dim=few"), "--set: tiny.dim: "),
        (("features", "simulate", "--dataset", "nowhere", "--out", "f"), "nowhere is no folder"),
    ]
    assert_refused(here, cases)


def test_options_that_exclude_each_other_are_said(here: Callable[..., tuple[str, str]], folder: Path) -> None:
    """None of two is passed over in silence."""
    files = ("--dataset", folder / "data", "--features", folder / "features")
    cases: list[tuple[tuple[object, ...], str]] = [
        (("train", *files, "--seed", 3, "--set", "seed=4"), "--seed and --set seed=... both say the recipe's seed"),
        (("train", *files, "--langs", "de", "--set", "languages=en"), "--langs and --set languages=... both say"),
        (("train", *files, "--recipe", "zero-shot-tiny", "--teachers", "t"), "zero-shot has no teachers to share"),
        (("teachers", *files, "--set", "seed=3"), "--set seed would be overruled: every run is given its own"),
        (("teachers", *files, "--set", "reduce=mean"), "--set reduce would be overruled"),
        (("study", "quality", *files, "--set", "name=x"), "--set name would be overruled"),
        (("study", "quality", *files, "--set", "accepted_only=false"), "--set accepted_only would be overruled"),
        (("teachers", *files, "--combinations", "alone", "--reduces", "max,mean"), "so nothing is reduced"),
        (("compare", "a", "b", "--task", "v2t", "--json"), "--task says nothing about --json, which has both tasks"),
        (("compare", "a", "b", "--measure", "R@1", "--json"), "--measure says nothing about --json"),
        (("table", "a", "--json", "--format", "csv"), "--json and --format csv are two formats"),
        (("videos", "plan", folder / "data", "--ids", "--json"), "--ids prints lines and --json a document"),
        (
            ("features", "import", "v.npz", "--as", "vectors", "--key", "s3d", "--out", "o"),
            "--key is for features, not",
        ),
        (("features", "import", "f.npz", "--key", "s3d", "--out", "o"), "plain arrays have no key to choose by"),
    ]
    assert_refused(here, cases)


def assert_refused(here: Callable[..., tuple[str, str]], cases: list[tuple[tuple[object, ...], str]]) -> None:
    """Each command ends with one line that holds the words, and a hint."""
    for arguments, message in cases:
        said = here(*arguments, code=1)[1].splitlines()
        assert said[0].startswith("error: ")
        assert message in said[0]
        assert len(said) <= 2, said


@pytest.mark.parametrize("command", ["train", "evaluate", "compare", "report", "features simulate", "features import"])
def test_help_shows_an_example(mycook: MyCook, command: str) -> None:
    assert f"mycook {command}" in mycook(*command.split(), "--help").stdout


def test_help_loads_nothing_heavy() -> None:
    heavy = "('torch', 'datasets', 'numpy', 'pyarrow', 'rich')"
    loaded = f"print(*(name for name in {heavy} if name in sys.modules))"
    # comparing scores and drawing them wait for no torch either
    home = "multiyoucook2.retrieval.evaluation"
    light = f"import {home}.compare, {home}.report; print('torch' in sys.modules)"
    program = f"import sys, multiyoucook2.cli.app; {loaded}; {light}"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert said == "\nFalse\n"


@pytest.mark.parametrize(("given", "found"), [({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")])
def test_waiting_threads_sleep_unless_told_otherwise(
    given: dict[str, str], found: str, environment: dict[str, str]
) -> None:
    """It must be set before torch is loaded, which reads it once."""
    code = """
import os, sys
from multiyoucook2.cli import process
sys.argv = ["mycook", "--version"]
try:
    process.main()
except SystemExit:
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
"""
    clean = {name: value for name, value in environment.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**clean, **given}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == f"{found} False"
