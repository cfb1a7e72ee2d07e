"""Score a sample of a build's rows by a metric, resumable to the chunk; and make the metric's environment.

``BUILD/scores/METRIC.jsonl`` keeps a line a pair, named by its content and the model, so that nothing is scored twice
and a crash costs one chunk. All rows of nine languages would take a CPU half a day: a seeded sample is scored, with an
interval.
"""

import hashlib
import json
import math
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ModelError, shown
from ...files import cache_root, read_text
from .metrics import Metric
from .worker import Pair, Worker

CHUNK = 64
RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """Mean score of a sample, with the 95% bounds of a bootstrap over its rows."""

    lang: str
    metric: str
    mean: float
    low: float
    high: float
    rows: int
    of: int


def environment(metric: Metric) -> Path:
    """The Python of a metric's environment, there or not."""
    folder = cache_root() / "environments" / f"metrics-{_digest(*metric.packages)[:12]}"
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def set_up(metric: Metric) -> Path:
    """Make the environment and install the metric's packages; returns its Python.

    Raises:
        ModelError: pip failed; its last line says why.
    """
    python = environment(metric)
    folder = python.parent.parent
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-q", *metric.packages],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        python.unlink(missing_ok=True)  # half an environment must not look like one
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise ModelError(f"{metric.name} cannot be installed: {shown(last)}", hint="check the network, and repeat")
    return python


def sample(count: int, size: int, *, seed: int = 0) -> list[int]:
    """``size`` of ``count`` rows, drawn without replacement; all of them where there are no more."""
    return sorted(np.random.default_rng(seed).permutation(count)[:size].tolist())


def score_pairs(
    pairs: Sequence[Pair],
    worker: Worker,
    memory: Path,
    weights: str,
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """A score a pair, from the memory or the worker, whose model ``weights`` names by id or content.

    Raises:
        ModelError: the worker fails; what was scored before is in the memory.
    """
    known = _known(memory)
    keys = [_digest(weights, *(pair.get(name, "") for name in ("src", "mt", "ref"))) for pair in pairs]
    missing = list(dict.fromkeys(number for number, key in enumerate(keys) if key not in known))
    memory.parent.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        scores = worker.scores([pairs[number] for number in part])
        with memory.open("a", encoding="utf-8") as file:
            for number, score in zip(part, scores, strict=True):
                known[keys[number]] = score
                file.write(json.dumps({"key": keys[number], "score": score}) + "\n")
        if progress:
            progress(len(pairs) - len(missing) + start + len(part), len(pairs))
    return [known[key] for key in keys]


def estimate(lang: str, metric: str, scores: Sequence[float], of: int, *, seed: int = 0) -> Estimate:
    """The mean of a sample of ``of`` rows, with its interval."""
    values = np.asarray(scores, dtype=np.float64)
    rows = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[rows].mean(axis=1), [2.5, 97.5])
    return Estimate(lang, metric, float(values.mean()), float(low), float(high), len(values), of)


def _known(memory: Path) -> dict[str, float]:
    known: dict[str, float] = {}
    try:
        text = read_text(memory)
    except FileNotFoundError:
        return known
    for line in text.splitlines():
        try:
            row: Mapping[str, object] = json.loads(line)
            score = float(str(row["score"]))
            if math.isfinite(score):
                known[str(row["key"])] = score
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # a line that a killed run left unfinished: its pair is scored again
    return known


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
