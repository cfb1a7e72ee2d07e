"""A whole run: data, teachers, student, saved model, evaluation; behind ``multiyoucook2.train`` and ``mycook train``.

::

    OUT/
      run.json              recipe, data set, features, identity, versions; "finished" when all is done
      metrics.jsonl         a line a step and an evaluation; tensorboard/ beside it where tensorboard is installed
      checkpoint.json, checkpoint-STEP.safetensors
      teachers/NAME/        a run of its own for each teacher, scored too, and its embeddings (or in ``teachers=``)
      model/                save_pretrained; its card has the scores
      evaluation/           scores.json, ranks.parquet
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from ...errors import TrainingError
from ...files import atomic_write, file_sha256, json_bytes, lock_holder, update_file
from ...progress import Listener, Silent
from ...version import __version__
from ..device import find_device, using_threads
from ..evaluation.pool import ALL
from ..evaluation.results import Evaluation
from ..evaluation.run import evaluate_run
from ..evaluation.runfiles import MODEL_FOLDER, RUN_FILE, SCORES_FILE, evaluation_folder, read_run
from ..model.encoders import encoder_kind
from ..model.folder import CARD, WEIGHTS
from ..recipe import TrainingRecipe, override, teacher_recipe, training_recipe
from .card import with_scores
from .checkpoint import has_checkpoint
from .folder import TEACHERS_FOLDER, require_place, run_folder, same_run
from .loop import train_model
from .preparing import (
    Inputs,
    load_inputs,
    new_model,
    note_absent,
    prepare_texts,
    require_queries,
    teachers_of,
    validation_of,
)
from .processes import processes
from .state import LoopState, state_of

# of a teacher, unless its row states them: a teacher that is finished serves students of other lengths
_INHERITED = ("epochs", "evaluate_every")


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
    overrides: Mapping[str, object] | None = None,
    pool: str = ALL,
    resume: bool = False,
    device: str = "auto",
    threads: int | None = None,
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
        device: see :func:`multiyoucook2.retrieval.device.find_device`.
        threads: cores to compute on; by default one for each model of the tiny encoder, else those that are free to
            this process.
        offline: download nothing; data set and encoders must be folders or, encoders, in the cache.

    Raises:
        MyCookError: one of its kinds; the message is one clear line, ``hint`` the way out.

    Example::

        multiyoucook2.train("c2kd-tiny", dataset="build/mini/dataset", features="build/mini/features")
    """
    plan = override(recipe, overrides) if isinstance(recipe, TrainingRecipe) else training_recipe(recipe, overrides)
    if teachers is not None and not plan.teachers:
        raise TrainingError(f"the objective {plan.objective} has no teachers to share", hint="leave --teachers out")
    folder = Path(out) if out else Path("runs") / plan.name
    accelerator = _accelerator(plan, device)
    heard = listener if listener and accelerator.is_main_process else Silent()
    inputs = load_inputs(plan, dataset, features, accelerator, heard, offline, threads)
    require_queries(inputs, pool)
    with using_threads(threads, processes()), run_folder(folder, accelerator):
        require_place(folder, resume=resume)
        home = Path(teachers) if teachers else folder / TEACHERS_FOLDER
        _require_encoders(plan, folder, home, offline)
        accelerator.wait_for_everyone()  # before the first process writes what the others would take for another run
        if accelerator.is_main_process and not (folder / RUN_FILE).exists():
            # from here on the folder is this run's, though its teachers come first
            atomic_write(folder / RUN_FILE, json_bytes({"recipe": plan.model_dump(mode="json")}))
        scored: dict[str, Any] = {
            "dataset": dataset, "features": features, "langs": inputs.languages, "pool": pool,
            "device": accelerator.device.type, "listener": heard,
        }  # fmt: skip
        runs = []
        for teacher in plan.teachers:
            runs.append(home / teacher.name)
            inherited = tuple(name for name in _INHERITED if getattr(teacher, name, None) is None)
            if teachers is not None and (holder := lock_holder(runs[-1])):
                heard.note(f"the teacher {teacher.name} is waited for: {holder} has it")
            with run_folder(runs[-1], accelerator, wait=teachers is not None):
                of_teacher = teacher_recipe(plan, teacher)
                _train_one(of_teacher, inputs, runs[-1], teachers=[], resume=True, inherited=inherited)
                if accelerator.is_main_process and not (evaluation_folder(runs[-1]) / SCORES_FILE).exists():
                    evaluate_run(runs[-1], **scored, threads=inputs.threads_of(teacher.encoder))
        state = _train_one(plan, inputs, folder, teachers=runs, resume=resume)
        evaluation = None
        if accelerator.is_main_process:
            evaluation = evaluate_run(folder, **scored, threads=inputs.threads_of(plan.encoder))
            card = folder / MODEL_FOLDER / CARD
            text = with_scores(card.read_text(encoding="utf-8"), plan, evaluation)
            update_file(card.parent, CARD, text.encode())
        accelerator.wait_for_everyone()
    return TrainResult(folder, state, evaluation)


def _require_encoders(plan: TrainingRecipe, folder: Path, teachers: Path, offline: bool) -> None:
    """Check the text encoders of all models that are not trained yet, before hours go into the first of them."""
    models = [*((teacher.encoder, teachers / teacher.name) for teacher in plan.teachers), (plan.encoder, folder)]
    for encoder, run in models:
        about = read_run(run)
        if about is None or not about.finished:
            kind, argument = encoder_kind(encoder)
            kind.check(argument, offline)


def _accelerator(plan: TrainingRecipe, device: str) -> Accelerator:
    """Device, precision and processes of a run; those of an earlier run in this program do not linger."""
    from accelerate.state import AcceleratorState

    place = find_device(device)
    if processes() == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
    mixed = "bf16" if plan.precision == "bf16" else "no"
    return Accelerator(mixed_precision=mixed, cpu=place.type == "cpu")


def _train_one(
    plan: TrainingRecipe,
    inputs: Inputs,
    folder: Path,
    *,
    teachers: Sequence[Path],
    resume: bool,
    inherited: tuple[str, ...] = (),
) -> LoopState:
    """Train one model into its folder, or find that it is trained."""
    data = inputs.training_set(plan)
    identity = {
        "recipe": plan.identity(),
        "languages": list(data.languages),
        "data": inputs.captions.content_hash,
        "features": inputs.store.content_hash,
        "processes": processes(),
        "teachers": [file_sha256(run / MODEL_FOLDER / WEIGHTS) for run in teachers],
    }
    found = same_run(folder, identity, inherited=inherited)
    if found is not None and found.finished:
        inputs.listener.note(f"{plan.name}: found finished in {folder}")
        return state_of(found.state, folder)
    note_absent(data, plan.max_frames, inputs.listener)
    model = new_model(plan, inputs)
    prepare_texts(data, model.encoder, plan, inputs)
    about = {
        "recipe": plan.model_dump(mode="json"),
        "dataset": inputs.dataset,
        "features": inputs.features,
        "scored_split": inputs.validation.split,
        "identity": identity,
        "teachers": [str(run) for run in teachers],
        "versions": {"multiyoucook2": __version__, "torch": torch.__version__},
        "encoder": {"name": model.encoder.spec.name, "revision": model.encoder.spec.revision},
    }
    if inputs.accelerator.is_main_process:
        atomic_write(folder / RUN_FILE, json_bytes(about))
    if plan.compile:
        model.video.compile(dynamic=True)
        model.text.compile(dynamic=True)
    embeddings = teachers_of(data, teachers, plan, inputs)
    started = time.monotonic()
    with using_threads(inputs.threads_of(plan.encoder), processes()):
        state = train_model(
            model,
            data,
            plan,
            folder,
            accelerator=inputs.accelerator,
            identity=identity,
            teachers=embeddings,
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
