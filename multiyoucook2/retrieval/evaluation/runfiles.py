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

from ...errors import TrainingError
from ...files import read_json

RUN_FILE, METRICS_FILE, MODEL_FOLDER = "run.json", "metrics.jsonl", "model"
FOLDER, SCORES_FILE, RANKS_FILE = "evaluation", "scores.json", "ranks.parquet"


def evaluation_folder(run: Path) -> Path:
    """Where a run's evaluation is."""
    return run / FOLDER


def run_names(runs: Sequence[Path]) -> list[str]:
    """Folder names, or whole paths where two folders share a name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def read_run(folder: Path) -> dict[str, Any] | None:
    """What ``run.json`` says; ``None`` if there is none.

    Raises:
        TrainingError: it is damaged, or not ours.
    """
    hint = "choose another folder with --out"
    try:
        found = read_json(folder / RUN_FILE, dict[str, Any], error=TrainingError, hint=hint)
    except FileNotFoundError:
        return None
    if not isinstance(found.get("recipe"), dict):
        raise TrainingError(f"{folder / RUN_FILE} is damaged: it names no recipe", hint=hint)
    return found


def finished_run(folder: Path) -> dict[str, Any]:
    """What ``run.json`` of a finished run says.

    Raises:
        TrainingError: there is no run, or it is not finished.
    """
    about = read_run(folder)
    if about is None or not about.get("finished"):
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
