"""What a run needs before its loop starts: captions and features, the untrained model, texts as the model takes them,
the teachers' embeddings, and the evaluation between epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor, tensor

from ...corpus.captions import Captions, dataset_languages, load_captions
from ...errors import DatasetError, TrainingError
from ...features.store import FeatureStore
from ...progress import Listener
from ..data.batches import TrainingSet
from ..data.tokens import pass_overhead
from ..data.vectors import read_vectors
from ..evaluation.embed import encode_sentences
from ..evaluation.evaluate import EvaluationSet, evaluate_model
from ..evaluation.pool import ALL, find_pool
from ..model.encoders import TextEncoder, load_encoder, tiny_encoder, vector_encoder
from ..model.tiny import TinyConfig
from ..model.towers import ModelConfig, TextVideoModel
from ..objectives.teachers import TeacherEmbeddings
from ..recipe import VECTORS, TrainingRecipe, teacher_recipe
from .loop import Evaluate
from .processes import seed_everything
from .teacher_cache import teacher_embeddings

_SAMPLE = 2000  # texts of which the mean length is taken


@dataclass(frozen=True)
class Inputs:
    """What all models of a run share."""

    dataset: str
    features: str
    languages: tuple[str, ...]
    captions: Captions  # of the split train, English among them wherever the data set has it
    store: FeatureStore
    validation: Captions
    accelerator: Accelerator
    listener: Listener
    offline: bool

    @property
    def english(self) -> dict[str, str]:
        """clip_id -> English caption of the training split, empty if the data set has no English."""
        return self.captions.english() if "en" in self.captions.texts else {}

    def training_set(self, plan: TrainingRecipe) -> TrainingSet:
        """The clips and languages that a recipe trains on."""
        languages = ("en",) if plan.objective == "zero-shot" else self.languages
        if plan.objective == "zero-shot" and "en" not in self.captions.texts:
            raise DatasetError(f"the data set {self.dataset} has no English, which zero-shot training is on")
        return TrainingSet(self.captions, self.store, languages)


def load_inputs(
    plan: TrainingRecipe,
    dataset: str | Path,
    features: str | Path,
    accelerator: Accelerator,
    listener: Listener,
    offline: bool,
) -> Inputs:
    """Open and read everything; see :func:`.runs.train` for the arguments."""
    store = FeatureStore.open(features)
    if offline and not Path(dataset).is_dir():
        raise DatasetError(f"{dataset} is no folder, and offline nothing is downloaded", hint="give a local folder")
    known = dataset_languages(dataset)
    languages = known if plan.languages == "all" else plan.languages
    # English is read in any case: the teachers compare English texts with videos
    read = tuple(dict.fromkeys([*languages, *(["en"] if "en" in known else [])]))
    captions = load_captions(dataset, split="train", langs=read, accepted_only=plan.accepted_only)
    validation = load_captions(dataset, split="validation", langs=languages, accepted_only=False)
    return Inputs(
        str(dataset), str(features), tuple(languages), captions, store, validation, accelerator, listener, offline
    )


def new_model(plan: TrainingRecipe, inputs: Inputs) -> TextVideoModel:
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


def _encoder(plan: TrainingRecipe, inputs: Inputs) -> TextEncoder:
    if plan.encoder == "tiny":
        shape = TinyConfig(**plan.tiny.model_dump())
        # the tokenizer knows all languages, as a pretrained one would, whatever the objective trains on
        texts = [text for found in inputs.captions.texts.values() for options in found for text in options]
        return tiny_encoder(texts, config=shape)
    vectors = sentence_vectors(plan)
    if vectors is not None:
        return vector_encoder(vectors.name, vectors.dim)
    return load_encoder(plan.encoder, trainable=not plan.freeze_text, offline=inputs.offline)


def sentence_vectors(plan: TrainingRecipe) -> FeatureStore | None:
    """The store of sentence vectors that ``encoder: vectors:FOLDER`` names."""
    return FeatureStore.open(plan.encoder[len(VECTORS) :]) if plan.encoder.startswith(VECTORS) else None


def prepare_texts(data: TrainingSet, encoder: TextEncoder, plan: TrainingRecipe, inputs: Inputs) -> None:
    """Tokenise once; for a frozen encoder, run it once; or look the vectors up."""
    vectors = sentence_vectors(plan)
    if vectors is not None:
        data.use_vectors(read_vectors(vectors, data.lookup_keys()))
        return
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
        sample = data.texts[:: max(1, len(data.texts) // _SAMPLE)]
        lengths = [len(ids) for ids in encoder.tokenize(sample, max_length=plan.max_tokens)]
        texts_a_clip = len(data.texts) / len(data)
        bound = max(plan.max_tokens, round(plan.gradient_chunk * texts_a_clip * sum(lengths) / len(lengths)))
    overhead = pass_overhead(inputs.accelerator.device)
    data.tokenize(encoder, max_length=plan.max_tokens, overhead=overhead, max_tokens=bound)


def teachers_of(
    data: TrainingSet, runs: Sequence[Path], plan: TrainingRecipe, inputs: Inputs
) -> tuple[TeacherEmbeddings | None, Tensor | None]:
    """The finished teachers' embeddings of the clips of ``data``, and which clips they may teach [N]."""
    if not runs:
        return None, None
    english = [inputs.english.get(clip) for clip in data.clip_ids]
    if not any(english):
        raise TrainingError("the data set has no English captions, which the teachers need")
    pairs = []
    for run, teacher in zip(runs, plan.teachers, strict=True):
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
                    vectors=sentence_vectors(teacher_recipe(plan, teacher)),
                )
            )
    return TeacherEmbeddings(pairs), tensor([bool(text) for text in english])


def validation_of(plan: TrainingRecipe, inputs: Inputs) -> Evaluate | None:
    """What the loop calls between epochs: recalls on the whole validation split."""
    if not plan.evaluate_every:
        return None
    pool = find_pool(ALL, inputs.validation.clip_ids)
    data = EvaluationSet(inputs.validation, inputs.store, pool, vectors=sentence_vectors(plan))
    device, autocast = inputs.accelerator.device, inputs.accelerator.autocast

    def evaluate(model: TextVideoModel) -> Mapping[str, Any]:
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


def note_absent(data: TrainingSet, listener: Listener) -> None:
    """Name the clips that cannot be trained on."""
    for clips, what in ((data.without_features, "features"), (data.without_text, "a text")):
        if clips:
            listener.note(f"{len(clips):,} training clips are left out for lack of {what}, first {clips[0]}")
