"""Compare evaluated runs: figures side by side, and a paired bootstrap over the clips that says what may be chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import TrainingError, nearest
from .bootstrap import RECALL_LEVELS, hits, interval, two_sided_p
from .results import TASKS, Key, Ranks, by_clip, drawn_means, groups_of, read_ranks
from .runfiles import evaluation_folder, run_names

MEASURES = {f"R@{level}": f"recall_at_{level}" for level in RECALL_LEVELS}  # the table's word -> the field's
_OF_INTERVALS = "resamples"  # differs without harm


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


@dataclass(frozen=True)
class Scored:
    """An evaluated run: clips of the pool, ranks, what runs must share to be compared, and the rows of its scores."""

    run: Path
    clip_ids: Sequence[str]
    ranks: Mapping[Key, Ranks]
    setting: Mapping[str, object]
    rows: Sequence[Mapping[str, Any]]


def find_measure(name: str) -> str:
    """``R@10`` or ``recall_at_10`` -> ``recall_at_10``.

    Raises:
        TrainingError: neither.
    """
    known = {word.lower(): measure for word, measure in MEASURES.items()} | {one: one for one in MEASURES.values()}
    if name.lower() not in known:
        raise TrainingError(f"there is no measure {name!r} to compare", hint=nearest(name, MEASURES))
    return known[name.lower()]


def find_task(name: str) -> str:
    """``t2v`` or ``v2t``.

    Raises:
        TrainingError: neither.
    """
    if name not in TASKS:
        raise TrainingError(f"there is no task {name!r} to compare", hint=nearest(name, TASKS))
    return name


def read_scored(runs: Sequence[Path]) -> list[Scored]:
    """The evaluations of runs that may stand in one table.

    Raises:
        TrainingError: one is not evaluated, or they are scored over different clips, data, queries, features or tie
            rules; the message names what differs.
    """
    found = []
    for run in runs:
        clip_ids, ranks, scores = read_ranks(evaluation_folder(run))
        setting = {key: value for key, value in scores["setting"].items() if key != _OF_INTERVALS}
        found.append(Scored(run, clip_ids, ranks, setting, scores["scores"]))
    for one in found[1:]:
        if (one.clip_ids, one.setting) != (found[0].clip_ids, found[0].setting):
            raise TrainingError(
                f"{one.run} and {runs[0]} are not scored over the same: {_what_differs(one, found[0])}",
                hint="evaluate both with the same --dataset, --features, --split, --pool and --query",
            )
    return found


def common(scored: Sequence[Scored]) -> tuple[list[Key], list[Key]]:
    """The (task, language) pairs that all of the runs have, and those that only some have."""
    every = list(dict.fromkeys(key for one in scored for key in one.ranks))
    shared = [key for key in every if all(key in one.ranks for one in scored)]
    return shared, [key for key in every if key not in shared]


def compare_runs(runs: Sequence[Path], *, resamples: int = 1000, seed: int = 0) -> list[Difference]:
    """Compare each run with the first, for the tasks and languages that all of them have; see :func:`common`.

    Raises:
        TrainingError: fewer than two runs, or see :func:`read_scored`.
    """
    if len(runs) < 2:
        raise TrainingError("comparing needs two runs at least", hint="mycook compare runs/a runs/b")
    scored = read_scored(runs)
    columns = common(scored)[0]
    if not columns:
        raise TrainingError("the runs have no task and language in common")
    found = []
    for name, other in zip(run_names(runs)[1:], scored[1:], strict=True):
        for task in dict.fromkeys(task for task, _ in columns):
            langs = [lang for of, lang in columns if of == task]
            for level, measure in zip(RECALL_LEVELS, MEASURES.values(), strict=True):
                pair = [[hits(one.ranks[task, lang], level) for lang in langs] for one in (scored[0], other)]
                drawn = [drawn_means(values, resamples=resamples, seed=seed) for values in pair]
                alone = [(lang, [number]) for number, lang in enumerate(langs)]
                for lang, chosen in [*alone, *groups_of(langs)]:
                    base, value = (float(np.mean([_mean(values[number]) for number in chosen])) for values in pair)
                    delta_R = drawn[1][:, chosen].mean(1) - drawn[0][:, chosen].mean(1)
                    low, high = interval(delta_R)
                    found.append(Difference(name, task, lang, measure, base, value, low, high, two_sided_p(delta_R)))
    return found


def _mean(values: Ranks) -> float:
    mean_P, count_P = by_clip(values)
    return float(np.nansum(mean_P * count_P) / count_P.sum())


def _what_differs(mine: Scored, base: Scored) -> str:
    for key in sorted({*mine.setting, *base.setting}):
        value, theirs = mine.setting.get(key), base.setting.get(key)
        if value != theirs:
            return f"{key} is {value} and {theirs}"
    return f"{len(mine.clip_ids)} and {len(base.clip_ids)} clips, or other ones"
