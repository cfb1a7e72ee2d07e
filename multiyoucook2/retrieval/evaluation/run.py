"""Evaluate a finished run: ``mycook evaluate``, and the end of ``mycook train``."""

from collections.abc import Sequence
from pathlib import Path

from ...corpus.captions import Captions, load_captions, scored_split
from ...errors import DatasetError, TrainingError
from ...features.store import FeatureStore
from ...progress import Listener, Silent
from ...settings import validate_recipe
from ..device import find_device, using_threads
from ..model.encoders import encoder_kind
from ..model.towers import TextVideoModel
from ..recipe import TrainingRecipe
from .evaluate import evaluate_model
from .pool import ALL, find_pool
from .queries import EvaluationSet
from .results import Evaluation, joined
from .runfiles import MODEL_FOLDER, RUN_FILE, RunRecord, finished_run

_TRAIN = "train"  # the split that runs are trained on


def evaluate_run(
    run: str | Path,
    *,
    dataset: str | Path | None = None,
    features: str | Path | None = None,
    langs: tuple[str, ...] | None = None,
    split: str | None = None,
    pool: str = ALL,
    query: str | None = None,
    duplicates: bool = False,
    resamples: int = 1000,
    device: str = "auto",
    threads: int | None = None,
    save: bool = True,
    listener: Listener | None = None,
) -> Evaluation:
    """Evaluate a finished run, and keep the result in its folder, beside other languages that were scored the same way.

    Args:
        dataset, features: those of the run if not given. langs: all of the data set if not given.
        split: ``validation``, or ``test`` where there is none, if not given.
        pool: a name of :data:`.pool.POOLS`, ``all``, or a file of clip ids.
        query: which captions ask, see :mod:`.queries`; what the pool or the data set lists, else the first, by default.
        duplicates: clips with the same caption are relevant for one another.
        threads: cores to compute on; those that are free to this process by default.

    Raises:
        MyCookError: no finished run there, features of another dimension, a language or pool that is not there.
    """
    folder = Path(run)
    about = finished_run(folder)
    place = find_device(device)
    source = str(dataset or about.dataset)
    store = FeatureStore.open(str(features or about.features))
    recipe = validate_recipe(TrainingRecipe, about.recipe, str(folder / RUN_FILE))
    model = TextVideoModel.from_pretrained(folder / MODEL_FOLDER)
    model.encoder.attach(encoder_kind(recipe.encoder)[1])
    if store.dim != model.config.video_dim:
        raise TrainingError(
            f"the features {store.folder} have {store.dim} dimensions, the model takes {model.config.video_dim}",
            hint=f"give the features that it was trained on ({model.config.features}) with --features",
        )
    captions = load_captions(source, split=split or scored_split(source), langs=langs, accepted_only=False)
    data = EvaluationSet(captions, store, find_pool(pool, captions.clip_ids), query=query, duplicates=duplicates)
    _note_trained_on(about, captions, data.pool.clip_ids, listener or Silent())
    with using_threads(threads):
        evaluation = evaluate_model(
            model.to(place),
            data,
            max_length=recipe.max_tokens_eval,
            device=place,
            precision=recipe.precision,
            resamples=resamples,
            labels={"select": f"best-on-{about.scored_split}"} if recipe.patience else {},
            listener=listener,
        )
    if save:
        joined(evaluation, folder, resamples=resamples).save(folder)
    return evaluation


def _note_trained_on(about: RunRecord, captions: Captions, clip_ids: Sequence[str], listener: Listener) -> None:
    """Say how many of the clips that are scored the run was trained on: scores on them are too good."""
    same = captions.content_hash == (about.identity or {}).get("data")
    if same and captions.split == about.scored_split:  # its training would have been refused
        return
    trained = captions if same and captions.split == _TRAIN else _trained_on(about)
    if trained is None:
        listener.note(
            f"clips that are scored may be among those trained on: the run's data set {about.dataset} is not there, "
            "or has changed since"
        )
        return
    known = set(trained.clip_ids)
    both = [clip for clip in clip_ids if clip in known]
    if both:
        listener.note(
            f"{len(both):,} of the {len(clip_ids):,} clips that are scored are in the split {_TRAIN} of "
            f"{about.dataset}, which the run was trained on, first {both[0]}"
        )


def _trained_on(about: RunRecord) -> Captions | None:
    """The split that a run was trained on, if its folder is there as it was; the Hub is not asked for a mere note."""
    if not Path(about.dataset).is_dir():
        return None
    try:
        found = load_captions(about.dataset, split=_TRAIN, accepted_only=False)
    except DatasetError:
        return None
    return found if found.content_hash == (about.identity or {}).get("data") else None
