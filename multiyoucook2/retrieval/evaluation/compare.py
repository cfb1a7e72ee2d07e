"""Compare evaluated runs: figures side by side, and a paired bootstrap over the clips that says what may be chance."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import TrainingError
from .bootstrap import RECALL_LEVELS, hits, interval, resampled_means, two_sided_p
from .scorefiles import RANKS_FILE, SCORES_FILE, evaluation_folder, run_names

MEASURES = tuple(f"recall_at_{level}" for level in RECALL_LEVELS)


@dataclass(frozen=True)
class Difference:
    """A run against the first one, in points of ``measure``: with a 95% interval and a two-sided p-value.

    ``lang`` is a code, or ``"mean"`` over the languages, or ``"mean-not-en"``.
    """

    run: str
    task: str
    lang: str
    measure: str
    base: float
    value: float
    low: float
    high: float
    p: float

    @property
    def difference(self) -> float:
        """Value minus the first run's."""
        return self.value - self.base


def compare_runs(runs: Sequence[Path], *, resamples: int = 1000, seed: int = 0) -> list[Difference]:
    """Compare each run with the first, for the tasks and languages that all of them have.

    Raises:
        TrainingError: fewer than two runs, one not evaluated, or runs scored over different clips, data or tie rules.
    """
    if len(runs) < 2:
        raise TrainingError("comparing needs two runs at least", hint="mycook compare runs/a runs/b")
    tables = [_read(run) for run in runs]
    base = tables[0]
    for run, table in zip(runs[1:], tables[1:], strict=True):
        if table["clip_ids"] != base["clip_ids"] or table["setting"] != base["setting"]:
            raise TrainingError(
                f"{run} and {runs[0]} are not scored over the same: {_what_differs(table, base)}",
                hint="evaluate both with the same --dataset, --split and --pool",
            )
    columns = [column for column in base["ranks"] if all(column in table["ranks"] for table in tables)]
    if not columns:
        raise TrainingError("the runs have no task and language in common")
    found = []
    for name, table in zip(run_names(runs[1:]), tables[1:], strict=True):
        for task in dict.fromkeys(task for task, _ in columns):
            langs = [lang for of, lang in columns if of == task]
            for level, measure in zip(RECALL_LEVELS, MEASURES, strict=True):
                pair = [_values(one, task, langs, level) for one in (base, table)]
                means = [resampled_means(values, resamples=resamples, seed=seed) for values in pair]
                for lang, chosen in _groups(langs):
                    scores = [float(np.nanmean(values, axis=0)[chosen].mean()) for values in pair]
                    delta_R = means[1][:, chosen].mean(1) - means[0][:, chosen].mean(1)
                    low, high = interval(delta_R)
                    p = two_sided_p(delta_R)
                    found.append(Difference(name, task, lang, measure, scores[0], scores[1], low, high, p))
    return found


def _groups(langs: list[str]) -> list[tuple[str, list[int]]]:
    groups = [(lang, [number]) for number, lang in enumerate(langs)]
    others = [number for number, lang in enumerate(langs) if lang != "en"]
    groups += [("mean", list(range(len(langs))))] if len(langs) > 1 else []
    return groups + ([("mean-not-en", others)] if others and len(others) < len(langs) else [])


def _values(table: dict[str, Any], task: str, langs: list[str], level: int) -> npt.NDArray[np.float64]:
    return np.stack([hits(table["ranks"][task, lang], level) for lang in langs], axis=1)


def _read(run: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    folder = evaluation_folder(run)
    try:
        scores = json.loads((folder / SCORES_FILE).read_text(encoding="utf-8"))
        ranks = pq.read_table(folder / RANKS_FILE)
        setting = {key: value for key, value in scores["setting"].items() if key != "resamples"}  # of its intervals
    except FileNotFoundError:
        raise TrainingError(f"{run} is not evaluated", hint=f"mycook evaluate {run}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"the evaluation in {folder} is damaged: {error}", hint=f"mycook evaluate {run}") from None
    columns = {
        (task, lang): ranks[name].to_numpy()
        for name in ranks.column_names
        if name != "clip_id"
        for task, lang in [name.split("/")]
    }
    return {"clip_ids": ranks["clip_id"].to_pylist(), "ranks": columns, "setting": setting}


def _what_differs(table: dict[str, Any], base: dict[str, Any]) -> str:
    for key in sorted({*table["setting"], *base["setting"]}):
        mine, theirs = table["setting"].get(key), base["setting"].get(key)
        if mine != theirs:
            return f"{key} is {mine} and {theirs}"
    return f"{len(table['clip_ids'])} and {len(base['clip_ids'])} clips, or other ones"
