"""A whole run: data, teachers, student, saved model, evaluation; behind ``multiyoucook2.train`` and ``mycook train``.

::

    OUT/
      run.json              recipe, data set, features, identity, versions; "finished" when all is done
      metrics.jsonl         a line a step and an evaluation; tensorboard/ beside it where tensorboard is installed
      checkpoint.json, checkpoint-STEP.safetensors
      teachers/NAME/        a run of its own for each teacher, and its embeddings (elsewhere with ``teachers=``)
      model/                save_pretrained
      evaluation/           scores.json, ranks.parquet
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from .. import __version__
from ..errors import ModelError, TrainingError
from ..features.store import FeatureStore
from ..workspace import atomic_write, file_sha256, json_bytes
from .batches import TrainingSet
from .checkpoint import first_difference, has_checkpoint
from .data import Captions, dataset_languages, load_captions
from .embed import encode_sentences
from .encoders import TextEncoder, load_encoder, tiny_encoder
from .evaluate import Evaluation, EvaluationSet, evaluate_model
from .log import Silent, TrainListener
from .model import ModelConfig, TextVideoModel
from .pool import ALL, find_pool
from .recipe import TrainingRecipe, teacher_recipe, training_recipe
from .step import processes, seed_everything
from .teacher_cache import WEIGHTS_FILE, teacher_embeddings
from .teachers import TeacherEmbeddings
from .tiny import TinyConfig
from .train import LoopState, train_model

RUN_FILE, MODEL_FOLDER, TEACHERS_FOLDER = "run.json", "model", "teachers"
_MEAN_TOKENS_SAMPLE = 2000


@dataclass(frozen=True)
class TrainResult:
    """What a run left: its folder, the loop's last state, and the scores (``None`` in all processes but the first)."""

    out: Path
    state: LoopState
    evaluation: Evaluation | None


@dataclass(frozen=True)
class _Inputs:
    """What all models of a run share."""

    dataset: str
    features: str
    languages: tuple[str, ...]
    captions: Captions
    store: FeatureStore
    validation: Captions
    accelerator: Accelerator
    listener: TrainListener
    offline: bool

    @property
    def english(self) -> dict[str, str]:
        return self.captions.english() if "en" in self.captions.texts else {}


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
    listener: TrainListener | None = None,
) -> TrainResult:
    """Train a model and what teachers it needs, evaluate it, and save it.

    Args:
        recipe: name in ``pipelines/training``, path of a ``.yaml`` file, or a recipe.
        dataset: a data set in the published format, folder or hub id; features: a feature store's folder.
        out: the run's folder, ``runs/<recipe>`` if not given.
        teachers: a folder that runs share: a teacher found there finished is used, else it is trained there.
        overrides: recipe values, by key.
        pool: of the final evaluation on the split ``validation``, as in ``mycook evaluate``.
        resume: go on from the checkpoint in ``out``; a run that is finished is left as it is.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        MyCookError: one of its kinds; the message is one clear line, ``hint`` the way out.

    Example::

        multiyoucook2.train("c2kd-tiny", dataset="build/mini/dataset", features="build/mini/features")
    """
    plan = recipe if isinstance(recipe, TrainingRecipe) else training_recipe(recipe, overrides)
    folder = Path(out) if out else Path("runs") / plan.name
    mixed = "bf16" if plan.precision == "bf16" else "no"
    accelerator = Accelerator(mixed_precision=mixed, cpu=device == "cpu")
    if device == "cuda" and accelerator.device.type != "cuda":
        raise TrainingError("there is no CUDA device here", hint="choose --device cpu or auto")
    inputs = _load(plan, dataset, features, accelerator, listener or Silent(), offline)
    with _locked(folder, accelerator):
        if not resume and (has_checkpoint(folder) or (folder / RUN_FILE).exists()):
            raise TrainingError(
                f"{folder} holds a run already", hint="go on with --resume, or choose another folder with --out"
            )
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
                folder, dataset=dataset, features=features, pool=pool, device=str(accelerator.device), offline=offline
            )
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
    offline: bool = False,
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
    data = EvaluationSet(captions, store, find_pool(pool, captions.clip_ids), duplicates=duplicates)
    recipe = TrainingRecipe.model_validate(about["recipe"])
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


def _load(
    plan: TrainingRecipe,
    dataset: str | Path,
    features: str | Path,
    accelerator: Accelerator,
    listener: TrainListener,
    offline: bool,
) -> _Inputs:
    store = FeatureStore.open(features)
    known = dataset_languages(dataset)
    languages = known if plan.languages == "all" else plan.languages
    # English is read in any case: the teachers compare English texts with videos
    read = tuple(dict.fromkeys([*languages, *(["en"] if "en" in known else [])]))
    captions = load_captions(dataset, split="train", langs=read, accepted_only=plan.accepted_only)
    validation = load_captions(dataset, split="validation", langs=languages, accepted_only=False)
    return _Inputs(
        str(dataset), str(features), tuple(languages), captions, store, validation, accelerator, listener, offline
    )


def _train_one(plan: TrainingRecipe, inputs: _Inputs, folder: Path, *, teachers: list[Path], resume: bool) -> LoopState:
    """Train one model into its folder, or find that it is trained."""
    languages = ("en",) if plan.objective == "zero-shot" else inputs.languages
    data = TrainingSet(inputs.captions, inputs.store, languages)
    identity = {
        "recipe": plan.identity(),
        "languages": list(languages),
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
    _note_absent(data, inputs.listener)
    model = _new_model(plan, inputs)
    _prepare_texts(data, model.encoder, plan, inputs)
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
    embeddings, english_N = _teachers_of(data, teachers, plan, inputs)
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
        evaluate=_validation(plan, inputs),
        resume=resume and has_checkpoint(folder),
        listener=inputs.listener,
    )
    if inputs.accelerator.is_main_process:
        model.save_pretrained(folder / MODEL_FOLDER)
        done = {"finished": True, "state": vars(state), "seconds": round(time.monotonic() - started, 1)}
        atomic_write(folder / RUN_FILE, json_bytes({**about, **done}))
    inputs.accelerator.wait_for_everyone()
    return state


def _new_model(plan: TrainingRecipe, inputs: _Inputs) -> TextVideoModel:
    """The untrained model; the same weights in every process, as they come from the seed."""
    seed_everything(plan.seed)
    config = ModelConfig(
        video_dim=inputs.store.dim,
        embedding_dim=plan.embedding_dim,
        hidden_dim=plan.hidden_dim,
        max_frames=plan.max_frames,
        blocks=plan.blocks,
        heads=plan.heads,
        features=inputs.store.name,
    )
    return TextVideoModel(config, _encoder(plan, inputs))


def _encoder(plan: TrainingRecipe, inputs: _Inputs) -> TextEncoder:
    if plan.encoder == "tiny":
        shape = TinyConfig(**plan.tiny.model_dump())
        # the tokenizer knows all languages, as a pretrained one would, whatever the objective trains on
        texts = [text for found in inputs.captions.texts.values() for options in found for text in options]
        encoder = tiny_encoder(texts, config=shape)
        if plan.freeze_text:
            raise ModelError(
                "the encoder 'tiny' starts untrained, so it cannot be frozen", hint="choose a pretrained one"
            )
        return encoder
    return load_encoder(plan.encoder, trainable=not plan.freeze_text, offline=inputs.offline)


def _prepare_texts(data: TrainingSet, encoder: TextEncoder, plan: TrainingRecipe, inputs: _Inputs) -> None:
    """Tokenise once; for a frozen encoder, run it once."""
    if not encoder.trainable:
        device = inputs.accelerator.device
        vectors_ND = encode_sentences(
            encoder.to(device),
            data.texts,
            max_length=plan.max_tokens,
            device=device,
            autocast=inputs.accelerator.autocast,
        )
        data.use_vectors(vectors_ND)
        return
    bound = None
    if plan.gradient_chunk:
        sample = data.texts[:: max(1, len(data.texts) // _MEAN_TOKENS_SAMPLE)]
        lengths = [len(ids) for ids in encoder.tokenize(sample, max_length=plan.max_tokens)]
        texts_a_clip = len(data.texts) / len(data)
        bound = max(plan.max_tokens, round(plan.gradient_chunk * texts_a_clip * sum(lengths) / len(lengths)))
    data.tokenize(encoder, max_length=plan.max_tokens, max_tokens=bound)


def _teachers_of(
    data: TrainingSet, runs: list[Path], plan: TrainingRecipe, inputs: _Inputs
) -> tuple[TeacherEmbeddings | None, torch.Tensor | None]:
    if not runs:
        return None, None
    english = [inputs.english.get(clip) for clip in data.clip_ids]
    if not any(english):
        raise TrainingError("the data set has no English captions, which the teachers need")
    pairs = []
    for run in runs:
        with inputs.accelerator.main_process_first():  # the others find its cache
            pairs.append(
                teacher_embeddings(
                    run,
                    data.clip_ids,
                    english,
                    inputs.store,
                    max_length=plan.max_tokens,
                    device=inputs.accelerator.device,
                    autocast=inputs.accelerator.autocast,
                    precision=plan.precision,
                )
            )
    return TeacherEmbeddings(pairs), torch.tensor([bool(text) for text in english])


def _validation(plan: TrainingRecipe, inputs: _Inputs) -> Any:
    """What the loop calls between epochs: recalls on the whole validation split."""
    if not plan.evaluate_every:
        return None
    data = EvaluationSet(inputs.validation, inputs.store, find_pool(ALL, inputs.validation.clip_ids))
    device, autocast = inputs.accelerator.device, inputs.accelerator.autocast

    def evaluate(model: TextVideoModel) -> dict[str, Any]:
        found = evaluate_model(
            model, data, max_length=plan.max_tokens_eval, device=device, autocast=autocast, resamples=0
        )
        scores: dict[str, dict[str, Any]] = {}
        for row in found.rows:
            scores.setdefault(row.task, {})[row.lang] = dict(row.values)
        means = {task: of.get("mean") or next(iter(of.values())) for task, of in scores.items()}
        summary = {f"{task} R@10": round(values["recall_at_10"], 2) for task, values in means.items()}
        return {"criterion": means["t2v"]["geometric_mean"], "summary": summary, "scores": scores}

    return evaluate


def _note_absent(data: TrainingSet, listener: TrainListener) -> None:
    for clips, what in ((data.without_features, "features"), (data.without_text, "a text")):
        if clips:
            listener.note(f"{len(clips):,} training clips are left out for lack of {what}, first {clips[0]}")


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
    """Hold a run's folder for this run; its first process does."""
    from filelock import FileLock, Timeout

    if not accelerator.is_main_process:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise TrainingError(f"{folder} is in use by another run", hint="wait for it, or choose another --out") from None
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be used: {error.strerror or error}", hint="choose another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()
