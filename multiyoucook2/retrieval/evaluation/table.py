"""A table of systems: runs that differ in their seed alone are replicates of one system, not systems of their own.

A figure is the mean over the seeds. Its 95% interval comes from a hierarchical bootstrap: clips are drawn with
replacement, the same for every seed and language, and the seeds, too few to be drawn from, deviate as Student's t has
it (:func:`.bootstrap.over_replicates`); so it covers both how a training turned out and which clips happened to be in
the pool. Of one seed it covers the clips alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import TrainingError
from .bootstrap import RECALL_LEVELS, hits, interval, over_replicates, replicate_draws
from .compare import Scored, common, read_scored
from .published import published_beside
from .results import Ranks, by_clip, chance_of, groups_of
from .runfiles import finished_run, run_names


@dataclass(frozen=True)
class Cell:
    """One figure: mean over the seeds, their standard deviation (``None`` of one), and the interval."""

    value: float
    deviation: float | None
    low: float
    high: float

    @classmethod
    def of(cls, value_S: Ranks, drawn_R: Ranks, *, least: float = 0.0, most: float = 100.0) -> "Cell":
        """Of the seeds' figures and the draws of their mean; no interval reaches beyond what the figure can be."""
        deviation = float(value_S.std(ddof=1)) if len(value_S) > 1 else None
        low, high = (float("nan"), float("nan")) if np.isnan(drawn_R).all() else interval(drawn_R)
        # np.clip keeps NaN, which max() and min() may drop
        return cls(float(value_S.mean()), deviation, *np.clip([low, high], least, most).tolist())


@dataclass(frozen=True)
class System:
    """Runs of the same recipe, data and features; ``cells`` maps languages and means to figures."""

    name: str
    seeds: tuple[int, ...]
    runs: tuple[Path, ...]
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Draws:
    """Figures of a system in L languages: of its S seeds, and R draws of their mean, over seeds and clips."""

    value_SL: Ranks
    drawn_RL: Ranks

    def cells(self, langs: Sequence[str], minus: "Draws | None" = None) -> dict[str, Cell]:
        """A cell a language and mean; ``minus``: of the difference from another system's mean over its seeds."""
        found, least = {}, 0.0 if minus is None else -100.0
        for name, members in [*((lang, [number]) for number, lang in enumerate(langs)), *groups_of(langs)]:
            value_S, drawn_R = self.value_SL[:, members].mean(1), self.drawn_RL[:, members].mean(1)
            if minus is not None:
                value_S = value_S - minus.value_SL[:, members].mean()
                drawn_R = drawn_R - minus.drawn_RL[:, members].mean(1)
            found[name] = Cell.of(value_S, drawn_R, least=least)
        return found


@dataclass(frozen=True)
class SystemTable:
    """Systems with their figures of one measure; what chance scores, where the pool is known; and, by model and
    language, what others published by the same protocol."""

    systems: list[System]
    chance: float | None
    published: Mapping[str, Mapping[str, float]]

    @property
    def columns(self) -> list[str]:
        """Languages and means."""
        return list(self.systems[0].cells)


def table_of(runs: Sequence[Path], *, task: str, measure: str, resamples: int = 1000, seed: int = 0) -> SystemTable:
    """The table of runs.

    Args:
        task: ``t2v`` or ``v2t``; measure: ``recall_at_1``, ``recall_at_5`` or ``recall_at_10``.

    Raises:
        TrainingError: no run, one that is not finished or evaluated, or runs that must not stand in one table.
    """
    scored, langs = _scored(runs, task)
    found, groups = [], _replicates(runs)
    for name, members in zip(_names(runs, groups), groups, strict=True):
        found.append(
            System(
                name=name,
                seeds=tuple(_seed_of(runs[number]) for number in members),
                runs=tuple(runs[number] for number in members),
                cells=draws_of([scored[number] for number in members], task, langs, measure, resamples, seed).cells(
                    langs
                ),
            )
        )
    published = published_beside(scored[0].setting, task, level_of(measure))
    shown = {name: of for name, of in published.items() if set(of) & set(langs)}
    return SystemTable(found, chance_of(scored[0].rows, task).get(measure), shown)


def gains(
    runs: Sequence[Path], *, task: str, measure: str, resamples: int = 1000, seed: int = 0
) -> dict[str, dict[str, Cell]]:
    """What each system gains over the first one, by name and language; the same clips are drawn for both.

    Raises:
        TrainingError: see :func:`table_of`.
    """
    scored, langs = _scored(runs, task)
    groups = _replicates(runs)
    drawn = [draws_of([scored[number] for number in of], task, langs, measure, resamples, seed) for of in groups]
    names = _names(runs, groups)
    return {name: one.cells(langs, drawn[0]) for name, one in zip(names[1:], drawn[1:], strict=True)}


def _scored(runs: Sequence[Path], task: str) -> tuple[list[Scored], list[str]]:
    """The evaluations, and the languages that all of them have."""
    if not runs:
        raise TrainingError("a table needs a run at least", hint="mycook table runs/*")
    scored = read_scored(runs)
    langs = [lang for of, lang in common(scored)[0] if of == task]
    if not langs:
        raise TrainingError(f"the runs have no language in common for {task}", hint="mycook evaluate each of them")
    return scored, langs


def _replicates(runs: Sequence[Path]) -> list[list[int]]:
    """Numbers of the runs of each system, by seed, so that those of two systems pair; systems as they come up.

    Raises:
        TrainingError: a system has a seed twice: the second says nothing new, and would count as evidence.
    """
    groups: dict[str, dict[int, int]] = {}
    for number, run in enumerate(runs):
        identity = finished_run(run).identity or {}
        recipe = {key: value for key, value in identity.get("recipe", {}).items() if key not in ("seed", "name")}
        # teachers count by their recipes, as each seed may have trained its own
        key = repr([sorted(recipe.items()), *(identity.get(name) for name in ("languages", "data", "features"))])
        group, seed = groups.setdefault(key, {}), _seed_of(run)
        if seed in group:
            raise TrainingError(
                f"{runs[group[seed]]} and {run} are one system under the same seed, {seed}, which counts once",
                hint="leave one of them out",
            )
        group[seed] = number
    return [[number for _, number in sorted(group.items())] for group in groups.values()]


def _seed_of(run: Path) -> int:
    return int(finished_run(run).recipe.get("seed", 0))


def _names(runs: Sequence[Path], groups: Sequence[Sequence[int]]) -> list[str]:
    """What systems are called: their folders' names without the seed, or as they are where that names two alike."""
    whole = run_names(runs)
    short = [re.sub(r"[-_]?seed[-_=]?\d+$", "", whole[members[0]]) or whole[members[0]] for members in groups]
    return short if len(set(short)) == len(short) else [whole[members[0]] for members in groups]


def draws_of(
    seeds: Sequence[Scored], task: str, langs: Sequence[str], measure: str, resamples: int, seed: int
) -> Draws:
    """Of one system, from the evaluations of its S seeds, which have all of ``langs``."""
    level = level_of(measure)
    hits_SL = [[by_clip(hits(one.ranks[task, lang], level)) for lang in langs] for one in seeds]
    mean_SPL, count_SPL = (
        np.stack([np.stack([of_lang[part] for of_lang in row], axis=1) for row in hits_SL]) for part in (0, 1)
    )
    value_SL = np.nansum(mean_SPL * count_SPL, axis=1) / count_SPL.sum(1)
    # the draws of clips are the same for all seeds and systems, as `seed` and the number of clips are
    drawn_SRL = replicate_draws(mean_SPL, resamples=resamples, seed=seed, weights_SCM=count_SPL)
    return Draws(value_SL, over_replicates(value_SL, drawn_SRL, seed=seed))


def level_of(measure: str) -> int:
    """``recall_at_10`` -> 10."""
    return dict(zip((f"recall_at_{level}" for level in RECALL_LEVELS), RECALL_LEVELS, strict=True))[measure]
