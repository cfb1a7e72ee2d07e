"""What a better translation buys: recall per language against the quality of translations, asked in two ways.

**Asking.** Models trained on the accepted captions, one a seed, are asked with every translation of the scored split,
the refused ones included: recall by bins of ``quality``, by what the checks said, repaired or not, by author; each
beside the English captions of the same clips (:mod:`..evaluation.quality`).

**Training.** The same recipe on other choices of training captions, all scored with the same queries: every caption;
the accepted ones; as many left out as the checks refuse, but at random; and other data sets that were given, e.g. one
without repair, or one that people translated. Their splits must agree, or a model would be scored on clips that it has
been trained on.

::

    OUT/
      study.json                 settings at first; with "finished" what :func:`study_quality` returns
      data/as-many-at-random-seedN/         the data set with captions left out at random
      accepted-seedN/ every-seedN/ as-many-at-random-seedN/ NAME-seedN/
      report/                    page, figures (written by the command)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...corpus.captions import Captions, dataset_languages, load_captions, scored_split
from ...corpus.folders import read_about
from ...corpus.provenance import CaptionKey, Provenance, read_provenance
from ...corpus.tables import ABOUT_FILE
from ...corpus.variant import variant_hash, write_variant
from ...errors import DatasetError, RecipeError
from ...features.store import FeatureStore
from ...progress import Listener, Silent
from ...settings import NAME
from ..evaluation.compare import read_scored
from ..evaluation.pool import ALL, find_pool
from ..evaluation.quality import GroupRow, Members, group_rows, groupings, provenance_of, slopes
from ..evaluation.queries import EvaluationSet
from ..evaluation.results import Ranks
from ..evaluation.table import Cell, draws_of, level_of
from ..recipe import TrainingRecipe, override
from .preparing import require_held_out
from .replicates import Ground, Machine, Replicate, finish_study, require_distinct, study_folder, study_settings
from .side_by_side import replicate_all
from .sweep import teachers_key

TASK = "t2v"  # a translation asks for a video
ACCEPTED, EVERY = "accepted", "every"
AT_RANDOM = "as-many-at-random"  # as are accepted, in each language, whatever the checks say of them
BINS = (0.25, 0.5, 0.75)
DATA, RESAMPLES = "data", 1000


@dataclass(frozen=True)
class Arm:
    """One choice of training captions.

    Attributes:
        captions: of all languages but the source, how many were trained on, of those that the data set has.
        recall: language -> figure; ``gain``: over training on every caption, ``None`` of that arm itself.
    """

    name: str
    captions: int
    of: int
    recall: dict[str, Cell]
    gain: dict[str, Cell] | None


@dataclass(frozen=True)
class QualityStudy:
    """What was found, of one measure, text to video.

    Attributes:
        groups: recall of groups of queries, of the arm ``accepted``.
        slopes: language -> points of recall, less the same clips' English, that 0.1 of quality goes with.
        setting: what all scores share: data, features, pool, queries.
    """

    measure: str
    seeds: tuple[int, ...]
    languages: tuple[str, ...]
    source: str
    groups: list[GroupRow]
    slopes: dict[str, Cell]
    arms: list[Arm]
    setting: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "task": TASK}


def study_quality(
    recipe: TrainingRecipe,
    *,
    dataset: str | Path,
    features: str | Path,
    out: str | Path,
    against: Mapping[str, str] | None = None,
    bins: Sequence[float] = BINS,
    measure: str = "recall_at_10",
    pool: str = ALL,
    seeds: Sequence[int] = (0, 1, 2),
    machine: Machine | None = None,
    listener: Listener | None = None,
) -> QualityStudy:
    """Train every arm under every seed and compare; killed, the same call goes on.

    Args:
        recipe: of the models; its ``accepted_only`` does not matter.
        against: name -> another data set of the same clips to train on.
        bins: where ``quality`` is cut.

    Raises:
        MyCookError: as :func:`.run.train`; a data set whose translations have no quality; or another one with a clip to
            train on that the first scores, or the other way round.
    """
    listener, machine, home = listener or Silent(), machine or Machine(), Path(out)
    require_distinct(seeds=seeds)
    ground = Ground.of(dataset, features, pool)
    asked = _asked(ground, recipe)
    groups = groupings(asked.made, bins, source=asked.source)
    arms = _arms(ground, asked, against or {})
    plans = [(arm, seed, _plan(recipe, arm, seed)) for seed in seeds for arm in arms]  # all are checked first
    settings = study_settings("quality", ground)
    with study_folder(home, settings):
        runs: dict[str, list[Path]] = {arm.name: [] for arm in arms}
        replicates = []
        for arm, seed, plan in plans:
            on = _with_random(home, ground, arm.made, seed) if arm.name == AT_RANDOM else arm.ground
            teachers = home / "teachers" / on.data_hash[:12] / teachers_key(plan) if plan.teachers else None
            runs[arm.name].append(home / plan.name)
            replicates.append(Replicate(plan, home / plan.name, on, teachers=teachers, scored_on=ground))
        replicate_all(replicates, machine=machine, listener=listener)
        study = _study(arms, runs, groups, asked, measure=measure, seeds=tuple(seeds))
        finish_study(home, settings, study.to_dict())
    return study


@dataclass(frozen=True)
class _Asked:
    """The queries: how each came about, by language in the order of the evaluation; and the languages trained on."""

    made: dict[str, list[Provenance | None]]
    source: str
    split: str

    @property
    def targets(self) -> list[str]:
        return [lang for lang in self.made if lang != self.source]


@dataclass(frozen=True)
class _Arm:
    """One arm before it is trained: ``made`` says how the training captions came about, by target language."""

    name: str
    ground: Ground
    accepted_only: bool
    made: dict[str, dict[CaptionKey, Provenance]]

    @property
    def captions(self) -> int:
        """Of the target languages, what is trained on."""
        return sum(one.accepted or not self.accepted_only for of in self.made.values() for one in of.values())


def _plan(recipe: TrainingRecipe, arm: _Arm, seed: int) -> TrainingRecipe:
    return override(recipe, {"name": f"{arm.name}-seed{seed}", "seed": seed, "accepted_only": arm.accepted_only})


def _asked(ground: Ground, recipe: TrainingRecipe) -> _Asked:
    langs = dataset_languages(ground.dataset) if recipe.languages == "all" else recipe.languages
    captions = load_captions(ground.dataset, split=scored_split(ground.dataset), langs=langs, accepted_only=False)
    pool = find_pool(ground.pool, captions.clip_ids)
    data = EvaluationSet(captions, FeatureStore.open(ground.features), pool)
    made = {
        lang: provenance_of(data, lang, read_provenance(ground.dataset, lang=lang, split=captions.split))
        for lang in captions.texts
        if data.asked[lang]
    }
    found = _Asked(made, captions.source, captions.split)
    if not any(one is not None and one.quality is not None for lang in found.targets for one in made[lang]):
        raise DatasetError(
            f"no translation in the data set {ground.dataset} has a quality, by which the study could sort them",
            hint="build it with mycook build, whose checks estimate it",
        )
    return found


def _arms(ground: Ground, asked: _Asked, against: Mapping[str, str]) -> list[_Arm]:
    """The baseline first: every caption, or, if none is refused, all of them, which are then accepted."""
    made = _training(ground.dataset, asked.targets)
    refused = any(not one.accepted for of in made.values() for one in of.values())
    arms = [_Arm(EVERY, ground, False, made)] if refused else []
    arms += [_Arm(ACCEPTED, ground, True, made)]
    arms += [_Arm(AT_RANDOM, ground, True, made)] if refused else []
    for name, dataset in against.items():
        if name in (EVERY, ACCEPTED, AT_RANDOM):
            raise RecipeError(f"an arm of the study is called {name} already", hint="choose another name")
        if not re.match(NAME, name):
            raise RecipeError(f"an arm of the study cannot be called {name!r}", hint="letters, digits, . _ + = -")
        _require_same_splits(dataset, ground.dataset, list(asked.made))
        other = Ground.of(dataset, ground.features, ground.pool)
        arms.append(_Arm(name, other, True, _training(dataset, asked.targets)))
    return arms


def _require_same_splits(other: str, dataset: str, langs: Sequence[str]) -> None:
    """Check that neither trains on a clip that the other scores."""
    for trained, scored in ((other, dataset), (dataset, other)):
        pair = _captions(trained, "train", langs), _captions(scored, scored_split(scored), langs)
        require_held_out(*pair, trained, scored)


def _captions(dataset: str, split: str, langs: Sequence[str]) -> Captions:
    known = [lang for lang in dataset_languages(dataset) if lang in langs]
    return load_captions(dataset, split=split, langs=known, accepted_only=False)


def _training(dataset: str, langs: Sequence[str]) -> dict[str, dict[CaptionKey, Provenance]]:
    return {lang: read_provenance(dataset, lang=lang, split="train") for lang in langs}


def _with_random(home: Path, ground: Ground, made: Mapping[str, Mapping[CaptionKey, Provenance]], seed: int) -> Ground:
    """The data set with as many captions a language left out as the checks refuse, but drawn at random."""
    refused = {}
    for number, (lang, of_lang) in enumerate(made.items()):
        keys, count = list(of_lang), sum(not one.accepted for one in of_lang.values())
        drawn = np.random.default_rng([seed, number]).choice(len(keys), count, replace=False)
        refused[lang] = {keys[place] for place in drawn.tolist()}
    name = f"{AT_RANDOM}-seed{seed}"
    out = home / DATA / name
    # it is not there, or of the data set as that was before it was built anew
    if read_about(out / ABOUT_FILE).get("content_hash") != variant_hash(ground.data_hash, name):
        write_variant(ground.dataset, out, name=name, split="train", refused=refused)
    return Ground.of(out, ground.features, ground.pool)


def _study(
    arms: Sequence[_Arm],
    runs: Mapping[str, Sequence[Path]],
    groups: Mapping[tuple[str, str], Members],
    asked: _Asked,
    *,
    measure: str,
    seeds: tuple[int, ...],
) -> QualityStudy:
    scored = read_scored([run for of in runs.values() for run in of])
    of_arm = {name: scored[place * len(seeds) : (place + 1) * len(seeds)] for place, name in enumerate(runs)}
    langs = list(asked.made)
    drawn = {name: draws_of(of, TASK, langs, measure, RESAMPLES, 0) for name, of in of_arm.items()}
    base = drawn[arms[0].name]
    ranks: dict[str, list[Ranks]] = {lang: [one.ranks[TASK, lang] for one in of_arm[ACCEPTED]] for lang in langs}
    quality_PL = np.array(
        [[np.nan if one is None or one.quality is None else one.quality for one in of] for of in asked.made.values()]
    ).T
    how: dict[str, Any] = {"level": level_of(measure), "source": asked.source, "resamples": RESAMPLES}
    return QualityStudy(
        measure=measure,
        seeds=seeds,
        languages=tuple(langs),
        source=asked.source,
        groups=group_rows(ranks, groups, **how),
        slopes=slopes(ranks, quality_PL, **how),
        arms=[
            Arm(
                arm.name,
                captions=arm.captions,
                of=sum(map(len, arm.made.values())),
                recall=drawn[arm.name].cells(langs),
                gain=drawn[arm.name].cells(langs, base) if arm is not arms[0] else None,
            )
            for arm in arms
        ],
        setting={key: value for key, value in scored[0].setting.items() if value},
    )
