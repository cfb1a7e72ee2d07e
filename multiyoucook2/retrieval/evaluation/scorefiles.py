"""Where a run's scores lie, and what tables call the runs. Without torch: comparing what is scored needs none."""

from collections.abc import Sequence
from pathlib import Path

FOLDER, SCORES_FILE, RANKS_FILE = "evaluation", "scores.json", "ranks.parquet"


def evaluation_folder(run: Path) -> Path:
    """Where a run's evaluation is."""
    return run / FOLDER


def run_names(runs: Sequence[Path]) -> list[str]:
    """Folder names, or whole paths where two folders share a name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]
