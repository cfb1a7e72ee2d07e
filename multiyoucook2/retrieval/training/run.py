"""A whole run: data, teachers, student, saved model, evaluation; behind ``multiyoucook2.train`` and ``mycook train``.

::

    OUT/
      run.json              recipe, data set, features, identity, versions; "finished" when all is done
      metrics.jsonl         a line a step and an evaluation; tensorboard/ beside it where tensorboard is installed
      checkpoint.json, checkpoint-STEP.safetensors
      teachers/NAME/        a run of its own for each teacher, and its embeddings (elsewhere with ``teachers=``)
      model/                save_pretrained; its card has the scores
      evaluation/           scores.json, ranks.parquet
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from ... import __version__
from ...corpus.captions import load_captions
from ...errors import TrainingError
from ...features.store import FeatureStore
from ...files import atomic_write, claim_folder, file_sha256, json_bytes, lock, update_file
from ...progress import Listener, Silent
from ..evaluation.evaluate import Evaluation, EvaluationSet, evaluate_model
from ..evaluation.pool import ALL, find_pool
from ..model.folder import CARD, with_scores
from ..model.towers import TextVideoModel
from ..recipe import TrainingRecipe, override, teacher_recipe, training_recipe
from .checkpoint import first_difference, has_checkpoint
from .loop import LoopState, train_model
from .preparing import (
    Inputs,
    load_inputs,
    new_model,
    note_absent,
    prepare_texts,
    sentence_vectors,
    teachers_of,
    validation_of,
)
from .processes import processes
from .teacher_cache import WEIGHTS_FILE

RUN_FILE, MODEL_FOLDER, TEACHERS_FOLDER = "run.json", "model", "teachers"


@dataclass(frozen=True)
class TrainResult:
    """What a run left: its folder, the loop's last state, and the scores (``None`` in all processes but the first)."""

    out: Path
    state: LoopState
    evaluation: Evaluation | None


def train(
    recipe: str | TrainingRecipe = "c2kd-tiny",
    *,
    dataset: str | Path,
    features: str | Path,
    out: str | Path | None = None,
    teachers: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    pool: str = ALL,
    resume: bool = False,
    device: str = "auto",
    offline: bool = False,
    listener: Listener | None = None,
) -> TrainResult:
    """Train a model and what teachers it needs, evaluate it, and save it.

    Args:
        recipe: name in ``pipelines/training``, path of a ``.yaml`` file, or a recipe.
        dataset: a data set in the published format, folder or hub id; features: a feature store's folder.
        out: the run's folder, ``runs/<recipe>`` if not given.
        teachers: a folder that runs share: a teacher found there finished is used, else it is trained there.
        overrides: recipe values, by key, in place of the recipe's.
        pool: of the final evaluation on the split ``validation``, as in ``mycook evaluate``.
        resume: go on from the checkpoint in ``out``; a run that is finished is left as it is.
        device: ``auto``, ``cpu`` or ``cuda``.
        offline: download nothing; data set and encoders must be folders or, encoders, in the cache.

    Raises:
        MyCookError: one of its kinds; the message is one clear line, ``hint`` the way out.

    Example::

        multiyoucook2.train("c2kd-tiny", dataset="build/mini/dataset", features="build/mini/features")
    """
    plan = override(recipe, overrides) if isinstance(recipe, TrainingRecipe) else training_recipe(recipe, overrides)
    folder = Path(out) if out else Path("runs") / plan.name
    accelerator = _accelerator(plan, device)
    heard = listener if listener and accelerator.is_main_process else Silent()
    inputs = load_inputs(plan, dataset, features, accelerator, heard, offline)
    with _locked(folder, accelerator):
        if not resume and (has_checkpoint(folder) or (folder / RUN_FILE).exists()):
            raise TrainingError(
                f"{folder} holds a run already", hint="go on with --resume, or choose another folder with --out"
            )
        accelerator.wait_for_everyone()  # before the first process writes what the others would take for another run
        home = Path(teachers) if teachers else folder / TEACHERS_FOLDER
        runs = []
        for teacher in plan.teachers:
            runs.append(home / teacher.name)
            with _locked(runs[-1], accelerator):
                _train_one(teacher_recipe(plan, teacher), inputs, runs[-1], teachers=[], resume=True)
        state = _train_one(plan, inputs, folder, teachers=runs, resume=resume)
        evaluation = None
        if accelerator.is_main_process:
            evaluation = evaluate_run(
                folder,
                dataset=dataset,
                features=features,
                langs=inputs.languages,
                pool=pool,
                device=str(accelerator.device),
            )
            card = folder / MODEL_FOLDER / CARD
            update_file(card.parent, CARD, with_scores(card.read_text(encoding="utf-8"), plan, evaluation).encode())
        accelerator.wait_for_everyone()
    return TrainResult(folder, state, evaluation)


def evaluate_run(
    run: str | Path,
    *,
    dataset: str | Path | None = None,
    features: str | Path | None = None,
    langs: tuple[str, ...] | None = None,
    split: str = "validation",
    pool: str = ALL,
    duplicates: bool = False,
    resamples: int = 1000,
    device: str = "auto",
    save: bool = True,
) -> Evaluation:
    """Evaluate a finished run, and keep the result in its folder.

    Args:
        dataset, features: those of the run if not given. langs: all of the data set if not given.
        pool: ``all``, ``youcook2-3350``, or a file of clip ids.
        duplicates: clips with the same caption are relevant for one another.

    Raises:
        MyCookError: no finished run there, features of another dimension, a language or pool that is not there.
    """
    folder = Path(run)
    about = _read_run(folder)
    if about is None or not about.get("finished"):
        what = "is not finished" if about else "holds no run"
        raise TrainingError(f"{folder} {what}", hint=f"mycook train --out {folder} ... (with --resume to go on)")
    source = str(dataset or about["dataset"])
    store = FeatureStore.open(str(features or about["features"]))
    model = TextVideoModel.from_pretrained(folder / MODEL_FOLDER)
    _require_dimension(model, store)
    captions = load_captions(source, split=split, langs=langs, accepted_only=False)
    recipe = TrainingRecipe.model_validate(about["recipe"])
    members = find_pool(pool, captions.clip_ids)
    data = EvaluationSet(captions, store, members, duplicates=duplicates, vectors=sentence_vectors(recipe))
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    autocast = (
        partial(torch.autocast, chosen.partition(":")[0], torch.bfloat16) if recipe.precision == "bf16" else nullcontext
    )
    labels = {"select": "best-on-validation"} if recipe.patience else {}
    evaluation = evaluate_model(
        model.to(chosen),
        data,
        max_length=recipe.max_tokens_eval,
        device=chosen,
        autocast=autocast,
        resamples=resamples,
        labels=labels,
    )
    if save:
        evaluation.save(folder)
    return evaluation


def _accelerator(plan: TrainingRecipe, device: str) -> Accelerator:
    """Device, precision and processes of a run; those of an earlier run in this program do not linger."""
    from accelerate.state import AcceleratorState

    if device not in ("auto", "cpu", "cuda"):
        raise TrainingError(f"unknown device {device!r}", hint="auto, cpu or cuda")
    if processes() == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
    mixed = "bf16" if plan.precision == "bf16" else "no"
    accelerator = Accelerator(mixed_precision=mixed, cpu=device == "cpu")
    if device == "cuda" and accelerator.device.type != "cuda":
        raise TrainingError("there is no CUDA device here", hint="choose --device cpu or auto")
    return accelerator


def _train_one(
    plan: TrainingRecipe, inputs: Inputs, folder: Path, *, teachers: Sequence[Path], resume: bool
) -> LoopState:
    """Train one model into its folder, or find that it is trained."""
    data = inputs.training_set(plan)
    identity = {
        "recipe": plan.identity(),
        "languages": list(data.languages),
        "data": inputs.captions.content_hash,
        "features": inputs.store.content_hash,
        "processes": processes(),
        "teachers": [file_sha256(run / MODEL_FOLDER / WEIGHTS_FILE) for run in teachers],
    }
    about = _read_run(folder)
    if about is not None:
        differs = first_difference(about["identity"], json.loads(json.dumps(identity)))
        if differs:
            raise TrainingError(
                f"{folder} holds another run: {differs}",
                hint="choose another folder (--out, --teachers), or give the values that it was started with",
            )
        if about.get("finished"):
            inputs.listener.note(f"{plan.name}: found finished in {folder}")
            return LoopState(**about["state"])
    note_absent(data, inputs.listener)
    model = new_model(plan, inputs)
    prepare_texts(data, model.encoder, plan, inputs)
    about = {
        "recipe": plan.model_dump(mode="json"),
        "dataset": inputs.dataset,
        "features": inputs.features,
        "identity": identity,
        "versions": {"multiyoucook2": __version__, "torch": torch.__version__},
        "encoder": {"name": model.encoder.spec.name, "revision": model.encoder.spec.revision},
    }
    if inputs.accelerator.is_main_process:
        atomic_write(folder / RUN_FILE, json_bytes(about))
    if plan.compile:
        model.video.compile(dynamic=True)
        model.text.compile(dynamic=True)
    embeddings, english_N = teachers_of(data, teachers, plan, inputs)
    started = time.monotonic()
    state = train_model(
        model,
        data,
        plan,
        folder,
        accelerator=inputs.accelerator,
        identity=identity,
        teachers=embeddings,
        english_N=english_N,
        evaluate=validation_of(plan, inputs),
        resume=resume and has_checkpoint(folder),
        listener=inputs.listener,
    )
    if inputs.accelerator.is_main_process:
        model.save_pretrained(folder / MODEL_FOLDER)
        done = {"finished": True, "state": vars(state), "seconds": round(time.monotonic() - started, 1)}
        atomic_write(folder / RUN_FILE, json_bytes({**about, **done}))
    inputs.accelerator.wait_for_everyone()
    return state


def _require_dimension(model: TextVideoModel, store: FeatureStore) -> None:
    if store.dim != model.config.video_dim:
        raise TrainingError(
            f"the features {store.folder} have {store.dim} dimensions, the model takes {model.config.video_dim}",
            hint=f"give the features that it was trained on ({model.config.features}) with --features",
        )


def _read_run(folder: Path) -> dict[str, Any] | None:
    path = folder / RUN_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and "identity" in found else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise TrainingError(f"{path} is damaged", hint="choose another folder with --out") from None


@contextmanager
def _locked(folder: Path, accelerator: Accelerator) -> Iterator[None]:
    """Hold a run's folder, which may hold nothing but a run, for this run; its first process does."""
    if not accelerator.is_main_process:
        yield
        return
    claim_folder(folder, RUN_FILE, "run", ours=[TEACHERS_FOLDER])
    with lock(folder, "run"):
        yield
