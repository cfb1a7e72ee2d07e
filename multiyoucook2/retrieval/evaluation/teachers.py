"""What teachers say: how far they agree, and how sharp their targets are, on one set of English texts and videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...corpus.captions import load_captions, scored_split
from ...features.store import FeatureStore
from ...settings import validate_recipe
from ..device import autocast_of, find_device
from ..model.encoders import encoder_kind
from ..model.towers import TextVideoModel
from ..objectives.base import Reduce
from ..objectives.similarity import cosine_similarity
from ..objectives.teachers import reduce_similarities
from ..recipe import TrainingRecipe
from .pool import ALL, find_pool
from .queries import EvaluationSet
from .runfiles import MODEL_FOLDER, RUN_FILE, finished_run

TOP = 10


@dataclass(frozen=True)
class Agreement:
    """Of two teachers: mean over the texts of the rank correlation of their rows, and of the share of common top 10."""

    one: str
    other: str
    rank_correlation: float
    top_overlap: float


def source_similarities(run: Path, *, dataset: str | Path, features: str | Path, device: str = "auto") -> Tensor:
    """A finished teacher's cosines [P, P] of the scored split's clips with a first English caption and features."""
    place, about = find_device(device), finished_run(run)
    recipe = validate_recipe(TrainingRecipe, about.recipe, str(run / RUN_FILE))
    model = TextVideoModel.from_pretrained(run / MODEL_FOLDER).to(place)
    model.encoder.attach(encoder_kind(recipe.encoder)[1])
    split = scored_split(dataset)
    captions = load_captions(dataset, split=split, langs=[], accepted_only=False, with_source=True)
    data = EvaluationSet(captions, FeatureStore.open(features), find_pool(ALL, captions.clip_ids), query="first")
    video_CE, text_of = data.embeddings(
        model, max_length=recipe.max_tokens_eval, device=place, autocast=autocast_of(recipe.precision, place)
    )
    rows_P = data.text_rows(captions.source)
    both = np.flatnonzero((rows_P >= 0) & (data.video_rows >= 0))
    text_PE = text_of[captions.source][torch.from_numpy(rows_P[both])]
    return cosine_similarity(text_PE, video_CE[torch.from_numpy(data.video_rows[both])])


def agreements(sims: Mapping[str, Tensor]) -> list[Agreement]:
    """Of every two teachers, from their cosines [P, P] of the same texts and videos."""
    names = list(sims)
    pairs = [(a, b) for number, a in enumerate(names) for b in names[number + 1 :]]
    return [Agreement(a, b, rank_correlation(sims[a], sims[b]), top_overlap(sims[a], sims[b])) for a, b in pairs]


def rank_correlation(one_PP: Tensor, other_PP: Tensor) -> float:
    """Spearman's, row by row, averaged: 1 where both order the videos alike for every text. Ties by position."""
    ranks = [_ranks(sim_PP) for sim_PP in (one_PP, other_PP)]
    centred = [rank_PP - rank_PP.mean(1, keepdims=True) for rank_PP in ranks]
    norms = [np.linalg.norm(rank_PP, axis=1) for rank_PP in centred]
    return float(((centred[0] * centred[1]).sum(1) / np.maximum(norms[0] * norms[1], 1e-12)).mean())


def top_overlap(one_PP: Tensor, other_PP: Tensor, top: int = TOP) -> float:
    """Share of the first ``top`` videos that both name for a text, averaged."""
    top = min(top, one_PP.shape[1])
    first, second = (sim_PP.topk(top, dim=1).indices for sim_PP in (one_PP, other_PP))
    return float((first[:, :, None] == second[:, None, :]).any(2).double().mean())


def target_entropy(sims: Sequence[Tensor], *, reduce: Reduce, temperature: float) -> float:
    """Mean entropy, in nats, of what a student is to imitate: ``softmax(T / d)`` by rows, T the reduced cosines."""
    logits_PP = reduce_similarities(torch.stack(list(sims)), reduce=reduce).double() / temperature
    log_PP = logits_PP.log_softmax(1)
    return float(-(log_PP.exp() * log_PP).sum(1).mean())


def _ranks(sim_PP: Tensor) -> npt.NDArray[np.float64]:
    return np.asarray(sim_PP.argsort(dim=1, stable=True).argsort(dim=1).double().numpy())
