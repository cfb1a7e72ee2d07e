"""A run of many on the same ground: trained, or resumed, or found done, so that a study killed anywhere goes on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...corpus.captions import dataset_languages, load_captions, scored_split
from ...corpus.folders import open_source
from ...errors import RecipeError, TrainingError, WorkspaceError
from ...features.store import FeatureStore
from ...files import atomic_write, claim_folder, json_bytes, lock, read_json
from ...progress import Listener
from ..evaluation.evaluate import setting_of
from ..evaluation.pool import ALL, find_pool
from ..evaluation.queries import EvaluationSet
from ..evaluation.results import TASKS, read_ranks
from ..evaluation.run import evaluate_run
from ..evaluation.runfiles import RUN_FILE, evaluation_folder, read_run
from ..recipe import TrainingRecipe
from .folder import TEACHERS_FOLDER
from .preparing import on_one_core
from .run import train

STUDY_FILE = "study.json"


@dataclass(frozen=True)
class Machine:
    """Where and how fast runs are computed; see :func:`.run.train`.

    Attributes:
        threads: how many cores all runs have.
        side_by_side: runs that compute on one core have processes of their own. A script that asks for it keeps its
            commands under ``if __name__ == "__main__":``, as ever with processes.
    """

    device: str = "auto"
    threads: int | None = None
    offline: bool = False
    side_by_side: bool = False


@dataclass(frozen=True)
class Ground:
    """A data set and features, with their hashes, and the pool that runs on them are scored over."""

    dataset: str
    features: str
    data_hash: str
    features_hash: str
    pool: str
    setting: Mapping[str, object]  # what evaluations on it say, unless others than the usual queries were asked
    languages: tuple[str, ...]  # that have a query

    @classmethod
    def of(cls, dataset: str | Path, features: str | Path, pool: str = ALL) -> "Ground":
        """The ground of a data set and features.

        Raises:
            DatasetError, FeatureError: they cannot be read, or there is nothing to score.
        """
        source, split = open_source(dataset), scored_split(dataset)
        there = [lang for lang in dataset_languages(dataset) if split in source.splits(lang)]
        captions = load_captions(dataset, split=split, langs=there, accepted_only=False)
        store = FeatureStore.open(features)
        data = EvaluationSet(captions, store, find_pool(pool, captions.clip_ids))
        languages = tuple(lang for lang, asked in data.asked.items() if asked)
        hashes = (captions.content_hash, store.content_hash)
        return cls(str(dataset), str(features), *hashes, pool, setting_of(data), languages)


@dataclass(frozen=True)
class Replicate:
    """One run: what is trained into which folder, on what, and what it is scored on, if that is another ground."""

    plan: TrainingRecipe
    folder: Path
    ground: Ground
    teachers: Path | None = None
    scored_on: Ground | None = None

    def is_done(self) -> bool:
        """Whether its folder holds it, trained and scored."""
        about, scored = read_run(self.folder), self.scored_on or self.ground
        if about is None or not about.finished or about.identity is None:
            return False
        own = (about.identity.get("recipe"), about.identity.get("data"), about.identity.get("features"))
        if own != (self.plan.identity(), self.ground.data_hash, self.ground.features_hash):
            return False
        try:
            _, ranks, scores = read_ranks(evaluation_folder(self.folder))
        except TrainingError:
            return False
        asked = scored.languages if self.plan.languages == "all" else self.plan.languages
        wanted = {(task, lang) for task in TASKS for lang in asked if lang in scored.languages}
        return wanted <= ranks.keys() and scored.setting.items() <= scores["setting"].items()

    def on_one_core(self) -> bool:
        """Whether more cores would not help: neither its model nor a teacher that is still to be trained needs them."""
        home = self.teachers or self.folder / TEACHERS_FOLDER
        found = [(teacher.encoder, read_run(home / teacher.name)) for teacher in self.plan.teachers]
        left = [encoder for encoder, about in found if about is None or not about.finished]
        return all(map(on_one_core, [self.plan.encoder, *left]))

    def do(self, machine: Machine, listener: Listener) -> None:
        """Train and score it, or go on with it.

        Raises:
            MyCookError: as :func:`.run.train`.
        """
        ground, scored = self.ground, self.scored_on or self.ground
        how: dict[str, Any] = {"device": machine.device, "threads": machine.threads, "listener": listener}
        train(
            self.plan,
            dataset=ground.dataset,
            features=ground.features,
            out=self.folder,
            teachers=self.teachers,
            pool=ground.pool,
            resume=(self.folder / RUN_FILE).exists(),
            offline=machine.offline,
            **how,
        )
        if scored != ground:
            langs = None if self.plan.languages == "all" else self.plan.languages
            place: dict[str, Any] = {"dataset": scored.dataset, "features": scored.features, "pool": scored.pool}
            evaluate_run(self.folder, langs=langs, **place, **how)


def study_settings(study: str, ground: Ground) -> dict[str, str]:
    """What is asked, and on what: a study's folder holds the answer to this alone."""
    hashes = {"data_hash": ground.data_hash, "features_hash": ground.features_hash}
    return {"study": study, "dataset": ground.dataset, "features": ground.features, **hashes}


@contextmanager
def study_folder(home: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """Hold a study's folder, which says from its first moment what is studied in it, and that it is not finished.

    Raises:
        WorkspaceError: it holds something else, or a study of something else, or another process works in it.
    """
    claim_folder(home, STUDY_FILE, "study")
    home.mkdir(parents=True, exist_ok=True)
    with lock(home, "study"):
        if (home / STUDY_FILE).exists():
            _require_same_study(home, settings)
        atomic_write(home / STUDY_FILE, json_bytes({**settings, "finished": False}))
        yield


def _require_same_study(home: Path, settings: Mapping[str, Any]) -> None:
    there = read_json(home / STUDY_FILE, dict[str, Any], hint="move it away")
    if not isinstance(there.get("finished"), bool):
        raise WorkspaceError(f"{home / STUDY_FILE} is not of a study that we made", hint="move it away")
    for name, differs in (
        ("study", f"holds the study {there.get('study')!r}, not {settings['study']!r}"),
        ("data_hash", f"holds a study of other data ({there.get('dataset')}, or what it held then)"),
        ("features_hash", f"holds a study with other features ({there.get('features')}, or what it held then)"),
    ):
        if there.get(name, settings[name]) != settings[name]:  # an earlier version kept no hashes
            raise WorkspaceError(f"{home} {differs}", hint="choose another folder with --out")


def finish_study(home: Path, settings: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Keep what a study found, beside its settings."""
    atomic_write(home / STUDY_FILE, json_bytes({**settings, **found, "finished": True}))


def refuse_overruled(given: Mapping[str, object], instead: Mapping[str, str], where: str) -> None:
    """Check that nobody sets what every run of a sweep or study is given anyway: it would be overruled in silence.

    Args:
        given: recipe values, by key; instead: key -> how to say it here. where: who gives them, for the message.

    Raises:
        RecipeError: one of the keys is set.
    """
    for key, hint in instead.items():
        if key in given:
            raise RecipeError(f"{where} {key} would be overruled: every run is given its own", hint=hint)


def require_distinct(**given: Sequence[object]) -> None:
    """Check what a study is to go through, by what it is called: one at least, and each once, or it would count twice.

    Raises:
        RecipeError: none, or one stands there twice.
    """
    for what, values in given.items():
        double = next((value for place, value in enumerate(values) if value in values[:place]), None)
        if not values or double is not None:
            said = f"{double} twice" if values else "nothing"
            raise RecipeError(f"the {what} of the study: {said}", hint=f"give --{what} some, each once")
