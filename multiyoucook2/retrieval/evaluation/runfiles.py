"""Where things lie in a run's folder, and how its records are read. Without torch: comparing what is scored needs none.

::

    RUN/
      run.json              recipe, data set, features, identity, versions; "finished" when all is done
      metrics.jsonl         a line a step and an evaluation
      model/                save_pretrained; its card has the scores
      evaluation/           scores.json, ranks.parquet
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from ...errors import TrainingError
from ...files import Record, read_json

RUN_FILE, METRICS_FILE, MODEL_FOLDER = "run.json", "metrics.jsonl", "model"
FOLDER, SCORES_FILE, RANKS_FILE = "evaluation", "scores.json", "ranks.parquet"


def evaluation_folder(run: Path) -> Path:
    """Where a run's evaluation is."""
    return run / FOLDER


def run_names(runs: Sequence[Path]) -> list[str]:
    """Folder names, or whole paths where two folders share a name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


class RunRecord(Record):
    """What ``run.json`` says of a run; until its own training begins, after its teachers', that is the recipe alone."""

    recipe: dict[str, Any]
    dataset: str = ""
    features: str = ""
    scored_split: str = "validation"
    identity: dict[str, Any] | None = None
    finished: bool = False
    teachers: list[str] = Field(default_factory=list)  # their folders
    state: dict[str, int | float | bool | None] = Field(default_factory=dict)


def read_run(folder: Path) -> RunRecord | None:
    """What ``run.json`` says; ``None`` if there is none.

    Raises:
        TrainingError: it is damaged, or not ours.
    """
    try:
        return read_json(folder / RUN_FILE, RunRecord, error=TrainingError, hint="choose another folder with --out")
    except (FileNotFoundError, NotADirectoryError):
        return None


def finished_run(folder: Path) -> RunRecord:
    """What ``run.json`` of a finished run says.

    Raises:
        TrainingError: there is no run, or it is not finished.
    """
    about = read_run(folder)
    if about is None or not about.finished or about.identity is None:
        what = "is not finished" if about else "holds no run"
        raise TrainingError(f"{folder} {what}", hint=f"mycook train --out {folder} ... (with --resume to go on)")
    return about


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's log; a last line that was cut off by a kill is left out."""
    try:
        text = (folder / METRICS_FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not isinstance(found, dict) or "kind" not in found or not isinstance(found.get("step"), int):
            break
        lines.append(found)
    return lines
