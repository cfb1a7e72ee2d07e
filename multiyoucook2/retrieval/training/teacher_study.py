"""Which teachers teach best: a student after each combination of teachers, beside translate-train, as in the paper.

::

    OUT/
      teachers/NAME/             each teacher, trained once for all students and seeds (gains leave out its variance)
      translate-train-seedN/     the baseline
      A+B-max-seedN/             a student of the teachers A and B, by the elementwise maximum
      study.json                 what :func:`study_teachers` returns
      report/                    tables and figures (the command writes it)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from ...errors import RecipeError, nearest
from ...progress import Listener, Silent
from ..device import using_threads
from ..evaluation.run import evaluate_run
from ..evaluation.table import Cell, System, gains, table_of
from ..evaluation.teachers import Agreement, agreements, source_similarities, target_entropy
from ..objectives.base import Reduce
from ..recipe import Teacher, TrainingRecipe, override
from .replicates import Ground, Machine, Replicate, finish_study, require_distinct, study_folder, study_settings
from .side_by_side import replicate_all

BASELINE = "translate-train"
REDUCES: tuple[Reduce, ...] = ("max",)  # unless others are given
MEASURE, TASK = "recall_at_10", "t2v"


@dataclass(frozen=True)
class Study:
    """What was found: R@10, text to video.

    Attributes:
        teachers: teacher -> language -> its own recall.
        students: the baseline first, then a system a combination; ``gains``: system -> language -> gain over the
            baseline, with an interval over the students' seeds and the clips: teachers are the same under every seed.
        agreement: of every two teachers; ``entropy``: system -> mean entropy of its targets, in nats.
        chance: what chance scores, where the pool is known.
    """

    teachers: dict[str, dict[str, float]]
    students: list[System]
    gains: dict[str, dict[str, Cell]]
    agreement: list[Agreement]
    entropy: dict[str, float]
    chance: float | None

    @property
    def baseline(self) -> str:
        """The name of the system without teachers."""
        return self.students[0].name

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        students = [{**asdict(one), "runs": [str(run) for run in one.runs]} for one in self.students]
        return {**asdict(self), "students": students, "measure": MEASURE, "task": TASK}


@dataclass(frozen=True)
class Combination:
    """Some teachers, and how their cosines are reduced: ``None`` of one, or where each is imitated by itself."""

    names: tuple[str, ...]
    reduce: Reduce | None

    @property
    def called(self) -> str:
        """The beginning of its runs' names."""
        return "+".join(self.names) + (f"-{self.reduce}" if self.reduce else "")


def combine(names: Sequence[str], reduces: Sequence[str] | None, *, which: str = "all") -> list[Combination]:
    """Every teacher alone, and sets of two and more by every reduce.

    Args:
        reduces: ``None`` where the objective reduces nothing.
        which: ``all`` sets, or ``alone`` for none, or some of them: ``a+b,a+b+c``.

    Raises:
        RecipeError: no teacher, an unknown one, or an unknown reduce.
    """
    known = get_args(Reduce)
    for reduce in reduces or ():
        if reduce not in known:
            raise RecipeError(f"unknown reduce {reduce!r}", hint=nearest(reduce, known))
    if not names:
        raise RecipeError("the study needs a teacher", hint="--teachers a,b")
    found = [Combination((name,), None) for name in names]
    for some in _sets(names, which):
        found += [Combination(some, reduce) for reduce in reduces or (None,)]  # type: ignore[arg-type]
    return found


def _sets(names: Sequence[str], which: str) -> list[tuple[str, ...]]:
    """The sets of two and more teachers that are asked for, each in the order of ``names``, and once."""
    if which == "alone":
        return []
    if which == "all":
        return [some for size in range(2, len(names) + 1) for some in combinations(names, size)]
    found: dict[tuple[str, ...], None] = {}
    for one in which.split(","):
        members = [part.strip() for part in one.split("+")]
        unknown = [name for name in members if name not in names]
        if unknown or len(set(members)) < 2:
            said = f"no teacher {unknown[0]!r}" if unknown else f"only one teacher in {one.strip()!r}"
            hint = f"all, alone, or some such as a+b,a+b+c. {nearest(unknown[0] if unknown else one, names)}"
            raise RecipeError(f"unknown combinations {which!r}: {said}", hint=hint)
        found[tuple(name for name in names if name in members)] = None
    return list(found)


def study_teachers(
    recipe: TrainingRecipe,
    *,
    dataset: str | Path,
    features: str | Path,
    out: str | Path,
    teachers: Sequence[str] | None = None,
    reduces: Sequence[str] = REDUCES,
    which: str = "all",
    seeds: Sequence[int] = (0,),
    machine: Machine | None = None,
    listener: Listener | None = None,
) -> Study:
    """Train the baseline and a student a combination and seed, and compare them; killed, the same call goes on.

    Args:
        recipe: of the students, with teachers.
        teachers: names of some of its teachers; all by default.

    Raises:
        MyCookError: as :func:`.run.train`, or an unknown teacher or reduce, or reduces without sets of teachers.
    """
    listener, machine, home = listener or Silent(), machine or Machine(), Path(out)
    require_distinct(seeds=seeds, reduces=reduces)
    rows = _rows(recipe, teachers, seeds)
    chosen = combine(list(rows), reduces if recipe.row.reduces else None, which=which)
    if tuple(reduces) != REDUCES and not any(one.reduce for one in chosen):
        each = f"{recipe.objective} imitates each teacher by itself"
        why = "no teachers are combined" if recipe.row.reduces else each
        raise RecipeError(f"{why}, so nothing is reduced", hint="leave --reduces out")
    plans: list[tuple[str, dict[str, Any]]] = [(BASELINE, {"objective": BASELINE})]
    plans += [
        (
            one.called,
            {"teachers": [rows[name].model_dump() for name in one.names], "reduce": one.reduce or recipe.reduce},
        )
        for one in chosen
    ]
    ground = Ground.of(dataset, features)
    settings = study_settings("teachers", ground)
    with study_folder(home, settings):
        runs = [
            Replicate(
                override(recipe, {**values, "name": called, "seed": seed}),
                home / f"{called}-seed{seed}",
                ground,
                teachers=home / "teachers" if called != BASELINE else None,
            )
            for (called, values), seed in product(plans, seeds)
        ]
        replicate_all(runs, machine=machine, listener=listener)
        folders = {name: home / "teachers" / name for name in rows}
        study = _study(recipe, [run.folder for run in runs], folders, chosen, ground, machine)
        finish_study(home, settings, study.to_dict())
    return study


def _rows(recipe: TrainingRecipe, teachers: Sequence[str] | None, seeds: Sequence[int]) -> dict[str, Teacher]:
    """The chosen teachers. One without a seed of its own has the first student's, so that all students share it."""
    known = {teacher.name: teacher for teacher in recipe.teachers}
    names = list(dict.fromkeys(known if teachers is None else teachers))
    for name in names:
        if name not in known:
            raise RecipeError(f"the recipe {recipe.name} has no teacher {name!r}", hint=nearest(name, known))
    rows = {name: known[name] for name in names}
    return {
        name: row if row.seed is not None else row.model_copy(update={"seed": seeds[0]}) for name, row in rows.items()
    }


def _study(
    recipe: TrainingRecipe,
    runs: Sequence[Path],
    teachers: Mapping[str, Path],
    chosen: Sequence[Combination],
    ground: Ground,
    machine: Machine,
) -> Study:
    how: dict[str, Any] = {"dataset": ground.dataset, "features": ground.features, "device": machine.device}
    langs = None if recipe.languages == "all" else recipe.languages  # as the students, or the means would not compare
    with using_threads(machine.threads):
        own = {name: evaluate_run(of, langs=langs, resamples=0, save=False, **how) for name, of in teachers.items()}
        words = recipe.teacher_words
        sims = {name: source_similarities(of, teacher_words=words, **how) for name, of in teachers.items()}
    table = table_of(runs, task=TASK, measure=MEASURE)
    return Study(
        teachers={
            name: {row.lang: row.values[MEASURE] for row in found.rows if row.task == TASK}
            for name, found in own.items()
        },
        students=table.systems,
        gains=gains(runs, task=TASK, measure=MEASURE),
        agreement=agreements(sims),
        entropy={one.called: _entropy(recipe, [sims[name] for name in one.names], one.reduce) for one in chosen},
        chance=table.chance,
    )


def _entropy(recipe: TrainingRecipe, sims: Sequence[Tensor], reduce: Reduce | None) -> float:
    """Of the targets that a student imitates: of the reduced teachers, or the mean over them, each by itself."""
    targets = [list(sims)] if reduce else [[one] for one in sims]
    of_each = [
        target_entropy(one, reduce=reduce or recipe.reduce, temperature=recipe.distillation_temperature)
        for one in targets
    ]
    return sum(of_each) / len(of_each)
