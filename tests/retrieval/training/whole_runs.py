"""Whole runs in this process, small ones, that can be killed at a step; and what they left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.evaluation.runfiles import read_metrics
from multiyoucook2.retrieval.training.run import TrainResult, train

SMALL = {"hidden_dim": 16, "embedding_dim": 16, "batch_size": 16, "epochs": 2, "tiny": {"vocab_size": 400, "dim": 16}}


def run(folder: Path, out: Path, recipe: str = "translate-train-tiny", **given: Any) -> TrainResult:
    """Train on the CPU; keys of the recipe and arguments of ``train`` mixed."""
    settings = {
        key: given.pop(key)
        for key in ("teachers", "resume", "listener", "features", "dataset", "offline", "threads")
        if key in given
    }
    files = {"dataset": folder / "data", "features": folder / "features"}
    return train(recipe, **{**files, **settings}, out=out, device="cpu", overrides={**SMALL, **given})


class Killed(Exception):
    """Stands for the end of the process."""


class KillAt(Silent):
    """Ends a run after a step of the model of a name."""

    def __init__(self, what: str, step: int) -> None:
        self.what, self.at, self.now = what, step, ""

    def started(self, what: str, done: int = 0, total: int = 0) -> None:
        self.now = what

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
        if (self.now, done) == (self.what, self.at):
            raise Killed


def losses(run: Path) -> list[tuple[int, float, float]]:
    return [(line["step"], line["loss"], line["gradient_norm"]) for line in read_metrics(run) if line["kind"] == "step"]


def weights(run: Path) -> Mapping[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")
