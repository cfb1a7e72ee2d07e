"""Which teachers teach best: a student after each combination of teachers, beside translate-train, as in the paper.

::

    OUT/
      teachers/NAME/             each teacher, trained once for all students and seeds
      translate-train-seedN/     the baseline
      A+B-max-seedN/             a student of the teachers A and B, by the elementwise maximum
      study.json                 what :func:`study_teachers` returns
      report/                    a page with curves and bars of the first seed
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from ...errors import RecipeError, nearest
from ...files import atomic_write, json_bytes
from ...progress import Listener, Silent
from ..evaluation.report import write_report
from ..evaluation.run import evaluate_run
from ..evaluation.runfiles import RUN_FILE
from ..evaluation.table import Cell, System, gains, table_of
from ..evaluation.teachers import Agreement, agreements, source_similarities, target_entropy
from ..objectives.base import Reduce
from ..recipe import TrainingRecipe, override
from .run import train

BASELINE = "translate-train"
MEASURE = "recall_at_10"


@dataclass(frozen=True)
class Study:
    """What was found: R@10, text to video.

    Attributes:
        teachers: teacher -> language -> its own recall.
        students: the baseline first, then a system a combination; ``gains``: system -> language -> gain over the
            baseline, with an interval over seeds and clips.
        agreement: of every two teachers; ``entropy``: system -> mean entropy of its targets, in nats.
    """

    teachers: dict[str, dict[str, float]]
    students: list[System]
    gains: dict[str, dict[str, Cell]]
    agreement: list[Agreement]
    entropy: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        students = [{**asdict(one), "runs": [str(run) for run in one.runs]} for one in self.students]
        return {**asdict(self), "students": students, "measure": MEASURE, "task": "t2v"}


@dataclass(frozen=True)
class Combination:
    """Some teachers, and how their cosines are reduced."""

    names: tuple[str, ...]
    reduce: Reduce

    @property
    def called(self) -> str:
        """The beginning of its runs' names; of one teacher nothing is reduced."""
        return "+".join(self.names) + (f"-{self.reduce}" if len(self.names) > 1 else "")


def combine(names: Sequence[str], reduces: Sequence[str], *, which: str = "all") -> list[Combination]:
    """Every teacher alone, and, unless ``which`` is ``alone``, every set of two and more by every reduce.

    Raises:
        RecipeError: no teacher, or an unknown reduce.
    """
    known = get_args(Reduce)
    for reduce in reduces:
        if reduce not in known:
            raise RecipeError(f"unknown reduce {reduce!r}", hint=nearest(reduce, known))
    if not names or not reduces:
        raise RecipeError("the study needs a teacher and a reduce", hint="--teachers a,b --reduces max,mean")
    if which not in ("all", "alone"):
        raise RecipeError(f"unknown combinations {which!r}", hint="all or alone")
    found = [Combination((name,), reduces[0]) for name in names]  # type: ignore[arg-type]
    for size in range(2, len(names) + 1 if which == "all" else 2):
        found += [Combination(some, reduce) for some in combinations(names, size) for reduce in reduces]  # type: ignore[arg-type]
    return found


def study_teachers(
    recipe: TrainingRecipe,
    *,
    dataset: str | Path,
    features: str | Path,
    out: str | Path,
    teachers: Sequence[str] | None = None,
    reduces: Sequence[str] = ("max",),
    which: str = "all",
    seeds: Sequence[int] = (0,),
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> Study:
    """Train the baseline and a student a combination and seed, and compare them; killed, the same call goes on.

    Args:
        recipe: of the students, with teachers.
        teachers: names of some of its teachers; all by default.

    Raises:
        MyCookError: as :func:`.run.train`, or an unknown teacher or reduce.
    """
    listener, home = listener or Silent(), Path(out)
    rows = {teacher.name: teacher for teacher in recipe.teachers}
    names = list(teachers if teachers is not None else rows)
    for name in names:
        if name not in rows:
            raise RecipeError(f"the recipe {recipe.name} has no teacher {name!r}", hint=nearest(name, rows))
    # a teacher without a seed of its own has the first student's, so that all students have the same teachers
    rows = {
        name: row if row.seed is not None else row.model_copy(update={"seed": seeds[0]}) for name, row in rows.items()
    }
    chosen = combine(names, reduces, which=which)
    plans: list[tuple[str, dict[str, Any]]] = [(BASELINE, {"objective": BASELINE})]
    plans += [
        (one.called, {"teachers": [rows[name].model_dump() for name in one.names], "reduce": one.reduce})
        for one in chosen
    ]
    runs = []
    for number, (called, values) in enumerate(plans, 1):
        for seed in seeds:
            folder = home / f"{called}-seed{seed}"
            listener.note(f"student {number} of {len(plans)}, seed {seed}: {folder}")
            plan = override(recipe, {**values, "name": called, "seed": seed})
            where: dict[str, Any] = {"dataset": dataset, "features": features, "out": folder, "device": device}
            how: dict[str, Any] = {"threads": threads, "offline": offline, "listener": listener}
            train(plan, **where, **how, teachers=home / "teachers", resume=(folder / RUN_FILE).exists())
            runs.append(folder)
    folders = {name: home / "teachers" / name for name in names}
    own = {name: evaluate_run(folder, resamples=1, device=device, threads=threads) for name, folder in folders.items()}
    sims = {
        name: source_similarities(folder, dataset=dataset, features=features, device=device)
        for name, folder in folders.items()
    }
    study = Study(
        teachers={
            name: {row.lang: row.values[MEASURE] for row in found.rows if row.task == "t2v"}
            for name, found in own.items()
        },
        students=table_of(runs, task="t2v", measure=MEASURE)[0],
        gains=gains(runs, task="t2v", measure=MEASURE),
        agreement=agreements(sims),
        entropy={
            one.called: target_entropy(
                [sims[name] for name in one.names], reduce=one.reduce, temperature=recipe.distillation_temperature
            )
            for one in chosen
        },
    )
    atomic_write(home / "study.json", json_bytes(study.to_dict()))
    write_report([run for run in runs if run.name.endswith(f"-seed{seeds[0]}")], home / "report")
    return study
