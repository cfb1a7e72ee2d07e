"""A sweep: several recipes under several seeds, one after another; what they share is trained once.

::

    dataset: build/mini/dataset
    features: build/mini/features
    out: runs/sweep
    seeds: [0, 1, 2]
    runs:
      - {recipe: zero-shot-tiny}
      - {recipe: c2kd-tiny}
      - {name: c2kd-mean, recipe: c2kd-tiny, set: {reduce: mean}}

Each run is a folder ``OUT/NAME-seedN``, as ``mycook train`` makes it. Killed anywhere, the same command goes on:
finished runs are left as they are, the one that was under way is resumed. Teachers lie in ``OUT/teachers``, in a folder
for each set of teachers: runs whose teachers are trained alike share them.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, model_validator

from ...errors import RecipeError
from ...files import json_bytes, read_text
from ...progress import Listener, Silent
from ...settings import NAME, Strict, overridden, validate_recipe
from ..evaluation.pool import ALL
from ..recipe import TrainingRecipe, teacher_recipe, training_recipe
from .replicates import Ground, Machine, Replicate, refuse_overruled
from .side_by_side import replicate_all

_INSTEAD = {
    "seed": "say it for all runs with `seeds:` of the sweep, such as seeds: [0, 1]",
    "name": "call the run so with `name:` beside its recipe",
}


class Planned(Strict):
    """One system of a sweep: a recipe with other values; ``name`` is the recipe's if not given."""

    recipe: str
    name: str | None = Field(None, pattern=NAME)
    set: dict[str, object] = Field(default_factory=dict, description="recipe values, as --set takes them")

    @model_validator(mode="after")
    def _sets_nothing_of_the_sweep(self) -> Self:
        refuse_overruled(self.set, _INSTEAD, f"the sweep: of {self.called}, set:")
        return self

    @property
    def called(self) -> str:
        """The beginning of its runs' folders' names."""
        return self.name or Path(self.recipe).stem


class Sweep(Strict):
    """What a sweep's file says."""

    dataset: str
    features: str
    out: str
    runs: tuple[Planned, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    pool: str = ALL

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [planned.called for planned in self.runs]
        double = next((name for name in names if names.count(name) > 1), None)
        if double or len(set(self.seeds)) != len(self.seeds):
            what = f"two runs are called {double}" if double else "a seed stands there twice"
            raise RecipeError(f"the sweep: {what}", hint="give each run a name of its own")
        return self


def read_sweep(path: str | Path) -> Sweep:
    """A sweep's YAML file.

    Raises:
        RecipeError: not there, not YAML, or an unknown key or value, in one line.
    """
    try:
        values = yaml.safe_load(read_text(Path(path), error=RecipeError))
    except FileNotFoundError:
        raise RecipeError(f"the sweep {path} does not exist", hint="see docs/training.md for what it holds") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path} is not a mapping of keys to values")
    return validate_recipe(Sweep, values, str(path))


def run_sweep(sweep: Sweep, *, machine: Machine | None = None, listener: Listener | None = None) -> list[Path]:
    """Train and evaluate every run of a sweep that is not finished; returns their folders, system by system.

    Raises:
        MyCookError: as :func:`.run.train`; what is finished stays finished.
    """
    listener = listener or Silent()
    plans = [(planned, seed, _plan(planned, seed)) for planned in sweep.runs for seed in sweep.seeds]  # all are checked
    ground = Ground.of(sweep.dataset, sweep.features, sweep.pool)
    runs = []
    for planned, seed, plan in plans:
        folder = Path(sweep.out) / f"{planned.called}-seed{seed}"
        teachers = Path(sweep.out) / "teachers" / teachers_key(plan) if plan.teachers else None
        runs.append(Replicate(plan, folder, ground, teachers=teachers))
    replicate_all(runs, machine=machine or Machine(), listener=listener)
    return [run.folder for run in runs]


def _plan(planned: Planned, seed: int) -> TrainingRecipe:
    return training_recipe(planned.recipe, overridden(planned.set, {"seed": seed, "name": planned.called}))


def teachers_key(plan: TrainingRecipe) -> str:
    """A name for a set of teachers: equal where each teacher's own training is."""
    identities: Sequence[dict[str, object]] = [teacher_recipe(plan, teacher).identity() for teacher in plan.teachers]
    return hashlib.sha256(json_bytes(identities)).hexdigest()[:12]
