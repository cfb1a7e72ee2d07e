"""What a run needs before its loop starts: captions and features, the untrained model, texts as the model takes them,
the teachers' embeddings, and the evaluation between epochs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator
from torch import from_numpy

from ...corpus.captions import Captions, dataset_languages, load_captions, scored_split
from ...errors import DatasetError, TrainingError
from ...features.store import FeatureStore
from ...progress import Listener
from ..data.batches import TrainingSet
from ..data.tokens import pass_overhead, words_only
from ..device import using_threads
from ..evaluation.embed import encode_sentences
from ..evaluation.evaluate import evaluate_model
from ..evaluation.pool import ALL, find_pool
from ..evaluation.queries import EvaluationSet
from ..model.encoders import TextEncoder, Wanted, encoder_kind
from ..model.towers import ModelConfig, TextVideoModel
from ..objectives.teachers import TeacherEmbeddings
from ..recipe import TrainingRecipe
from .loop import Evaluate, Evaluated
from .processes import processes, seed_everything
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
    threads: int | None  # that were asked for

    def threads_of(self, encoder: str) -> int | None:
        """On how many cores a model of an encoder is computed, ``None``: those that are free. A tiny student has one,
        and its large teachers have all of them."""
        return 1 if self.threads is None and on_one_core(encoder) else self.threads

    def training_set(self, plan: TrainingRecipe) -> TrainingSet:
        """The clips and languages that a recipe trains on."""
        source = self.captions.source
        languages = (source,) if plan.row.source_only else self.languages
        if plan.row.source_only and source not in self.captions.texts:
            raise DatasetError(f"the data set {self.dataset} has no {source!r}, which {plan.objective} trains on")
        return TrainingSet(self.captions, self.store, languages)


def load_inputs(
    plan: TrainingRecipe,
    dataset: str | Path,
    features: str | Path,
    accelerator: Accelerator,
    listener: Listener,
    offline: bool,
    threads: int | None,
) -> Inputs:
    """Open and read everything; see :func:`.run.train` for the arguments."""
    store = FeatureStore.open(features)
    if offline and not Path(dataset).is_dir():
        raise DatasetError(f"{dataset} is no folder, and offline nothing is downloaded", hint="give a local folder")
    known = dataset_languages(dataset)
    languages = known if plan.languages == "all" else plan.languages
    # the source language is read in any case: the teachers compare its texts with videos
    captions = load_captions(
        dataset, split="train", langs=languages, accepted_only=plan.accepted_only, with_source=True
    )
    validation = load_captions(dataset, split=scored_split(dataset), langs=languages, accepted_only=False)
    require_held_out(captions, validation, str(dataset), str(dataset))
    return Inputs(
        str(dataset),
        str(features),
        tuple(languages),
        captions,
        store,
        validation,
        accelerator,
        listener,
        offline,
        threads,
    )


def on_one_core(encoder: str) -> bool:
    """Whether more cores would not help a model: the products of the tiny encoder are too small to be shared out."""
    return encoder == "tiny"


def require_queries(inputs: Inputs, pool: str) -> None:
    """Check before any training that the model can be scored over ``pool`` at its end.

    Raises:
        DatasetError: there is no such pool, or it has other clips. FeatureError: none of its clips has features.
    """
    EvaluationSet(inputs.validation, inputs.store, find_pool(pool, inputs.validation.clip_ids))


def require_held_out(trained: Captions, scored: Captions, trained_in: str, scored_in: str) -> None:
    """Check that no clip to train on is among those to score; the last two are the data sets, for the message.

    Raises:
        DatasetError: one is; the message counts them and names the first.
    """
    held_out = set(scored.clip_ids)
    both = [clip for clip in trained.clip_ids if clip in held_out]
    if both:
        raise DatasetError(
            f"{len(both):,} clips of the split {trained.split} of {trained_in} are in the split {scored.split} of "
            f"{scored_in}, first {both[0]!r}",
            hint="a clip is to be in one split, or a model is scored on what it was trained on",
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
        input_dropout=plan.input_dropout,
        dropout=plan.dropout,
    )
    return TextVideoModel(config, _encoder(plan, inputs))


def _encoder(plan: TrainingRecipe, inputs: Inputs) -> TextEncoder:
    kind, argument = encoder_kind(plan.encoder)
    texts = [text for found in inputs.captions.texts.values() for of in found for text in of if text]
    section = plan.model_dump().get(kind.name, {})
    return kind.new(argument, Wanted(texts, section, trainable=not plan.freeze_text, offline=inputs.offline))


def prepare_texts(data: TrainingSet, encoder: TextEncoder, plan: TrainingRecipe, inputs: Inputs) -> None:
    """Tokenise once; for a frozen encoder, run it once; or look the vectors up."""
    vectors_ND = encoder.lookup(data.lookup_keys())
    if vectors_ND is None and not encoder.trainable:
        device, autocast = inputs.accelerator.device, inputs.accelerator.autocast
        encoder.to(device)
        vectors_ND = encode_sentences(encoder, data.texts, max_length=plan.max_tokens, device=device, autocast=autocast)
    if vectors_ND is not None:
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
) -> TeacherEmbeddings | None:
    """The finished teachers' embeddings of the clips of ``data`` and of every caption that may be drawn for them."""
    if not runs:
        return None
    texts, keys, row_NC = data.source_texts()
    if plan.teacher_words:
        texts = [words_only(text) for text in texts]
    if not texts:
        raise TrainingError(f"the data set has no captions in {data.captions.source!r}, which the teachers read")
    pairs = []
    for run, teacher in zip(runs, plan.teachers, strict=True):
        cores = using_threads(inputs.threads_of(teacher.encoder), processes())
        with cores, inputs.accelerator.main_process_first():  # the others find its cache
            pairs.append(
                teacher_embeddings(
                    run,
                    texts,
                    keys,
                    data.clip_ids,
                    inputs.store,
                    encoder=teacher.encoder,
                    max_length=plan.max_tokens,
                    device=inputs.accelerator.device,
                    precision=plan.precision,
                )
            )
    return TeacherEmbeddings(pairs, from_numpy(row_NC))


def validation_of(plan: TrainingRecipe, inputs: Inputs) -> Evaluate | None:
    """What the loop calls between epochs: recalls on the whole validation split."""
    if not plan.evaluate_every:
        return None
    pool = find_pool(ALL, inputs.validation.clip_ids)
    data = EvaluationSet(inputs.validation, inputs.store, pool)
    device, autocast = inputs.accelerator.device, inputs.accelerator.autocast

    def evaluate(model: TextVideoModel) -> Evaluated:
        found = evaluate_model(
            model, data, max_length=plan.max_tokens_eval, device=device, autocast=autocast, resamples=0
        )
        scores: dict[str, dict[str, dict[str, float]]] = {}
        for row in found.rows:
            scores.setdefault(row.task, {})[row.lang] = dict(row.values)
        means = {task: of.get("mean") or next(iter(of.values())) for task, of in scores.items()}
        summary = {f"{task} R@10": round(values["recall_at_10"], 2) for task, values in means.items()}
        return {"criterion": means["t2v"]["geometric_mean"], "summary": summary, "scores": scores}

    return evaluate


def note_absent(data: TrainingSet, max_frames: int, listener: Listener) -> None:
    """Say which clips cannot be trained on, and how many not to their end."""
    for clips, what in ((data.without_features, "features"), (data.without_text, "a text")):
        if clips:
            listener.note(f"{len(clips):,} training clips are left out for lack of {what}, first {clips[0]}")
    if empty := data.store.without_frames(data.clip_ids):
        listener.note(f"{len(empty):,} training clips have no frame, first {empty[0]}: a learned token stands in")
    if longer := data.store.longer_than(max_frames, data.clip_ids):
        listener.note(f"{longer:,} training clips have more than {max_frames} frames: the later ones are not seen")
