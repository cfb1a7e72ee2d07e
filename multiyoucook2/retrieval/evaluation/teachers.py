"""What teachers say: how far they agree, and how sharp their targets are, on one set of English texts and videos."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...corpus.captions import Texts, load_captions, scored_split
from ...features.store import FeatureStore
from ...settings import validate_recipe
from ..data.tokens import words_only
from ..device import autocast_of, find_device
from ..model.encoders import encoder_kind
from ..model.towers import TextVideoModel
from ..objectives.base import Reduce
from ..objectives.similarity import cosine_similarity
from ..objectives.teachers import reduce_similarities
from ..recipe import TrainingRecipe
from .pool import ALL, find_pool
from .queries import EvaluationSet
from .ranking import TIE
from .runfiles import MODEL_FOLDER, RUN_FILE, finished_run

TOP = 10


@dataclass(frozen=True)
class Agreement:
    """Of two teachers: mean over the texts of the rank correlation of their rows, and of the share of common top 10.

    Attributes:
        left_out: texts for which one of them ranks all videos alike, so that there is no order to agree with: they are
            in neither mean, which is ``None`` where no text is left.
    """

    one: str
    other: str
    rank_correlation: float | None
    top_overlap: float | None
    left_out: int


def source_similarities(
    run: Path, *, dataset: str | Path, features: str | Path, teacher_words: bool = False, device: str = "auto"
) -> Tensor:
    """A finished teacher's cosines [P, P] of the scored split's clips with a first English caption and features.

    Args:
        teacher_words: the captions' words without their marks, if those are what the students' teachers read.
    """
    place, about = find_device(device), finished_run(run)
    recipe = validate_recipe(TrainingRecipe, about.recipe, str(run / RUN_FILE))
    model = TextVideoModel.from_pretrained(run / MODEL_FOLDER).to(place)
    model.encoder.attach(encoder_kind(recipe.encoder)[1])
    split = scored_split(dataset)
    captions = load_captions(dataset, split=split, langs=[], accepted_only=False, with_source=True)
    if teacher_words:
        captions = replace(
            captions, texts={lang: [_words(of) for of in found] for lang, found in captions.texts.items()}
        )
    data = EvaluationSet(captions, FeatureStore.open(features), find_pool(ALL, captions.clip_ids), query="first")
    video_CE, text_of = data.embeddings(
        model, max_length=recipe.max_tokens_eval, device=place, autocast=autocast_of(recipe.precision, place)
    )
    rows_P = data.text_rows(captions.source)
    both = np.flatnonzero((rows_P >= 0) & (data.video_rows >= 0))
    text_PE = text_of[captions.source][torch.from_numpy(rows_P[both])]
    return cosine_similarity(text_PE, video_CE[torch.from_numpy(data.video_rows[both])])


def _words(texts: Texts) -> Texts:
    return tuple(text and words_only(text) for text in texts)


def agreements(sims: Mapping[str, Tensor]) -> list[Agreement]:
    """Of every two teachers, from their cosines [P, P] of the same texts and videos."""
    found = []
    for one, other in combinations(sims, 2):
        told_P = has_order(sims[one]) & has_order(sims[other])
        pair, any_told = (sims[one][told_P], sims[other][told_P]), bool(told_P.any())
        correlation, overlap = (rank_correlation(*pair), top_overlap(*pair)) if any_told else (None, None)
        found.append(Agreement(one, other, correlation, overlap, left_out=int((~told_P).sum())))
    return found


def has_order(sim_PP: Tensor) -> Tensor:
    """Which texts [P] a teacher tells videos apart for: cosines within :data:`.ranking.TIE` of one another are equal,
    as everywhere in the evaluation."""
    return (sim_PP.amax(1) - sim_PP.amin(1)) > TIE


def rank_correlation(one_PP: Tensor, other_PP: Tensor) -> float:
    """Spearman's, row by row, averaged: 1 where both order the videos alike for every text. Equal cosines share the
    mean of their ranks; a row of equal cosines has no correlation and is left out, and NaN is the mean of none."""
    ranks = [pd.DataFrame(sim_PP.numpy()).rank(axis=1).to_numpy() for sim_PP in (one_PP, other_PP)]
    centred = [rank_PP - rank_PP.mean(1, keepdims=True) for rank_PP in ranks]
    scale_P = np.linalg.norm(centred[0], axis=1) * np.linalg.norm(centred[1], axis=1)
    told_P = scale_P > 0
    return float(((centred[0] * centred[1]).sum(1)[told_P] / scale_P[told_P]).mean()) if told_P.any() else math.nan


def top_overlap(one_PP: Tensor, other_PP: Tensor, top: int = TOP) -> float:
    """Share of the first ``top`` videos that both name for a text, averaged. Where the last places are for one of many
    with equal cosines, each teacher draws by lot, for itself: it is the mean over the lots."""
    top = min(top, one_PP.shape[1])
    return float((_chance_of_top(one_PP, top) * _chance_of_top(other_PP, top)).sum(1).mean() / top)


def _chance_of_top(sim_PP: Tensor, top: int) -> Tensor:
    """How likely each video is among a text's first ``top``, when lots are drawn among equal cosines."""
    last_P1 = sim_PP.topk(top, dim=1).values[:, -1:]
    above_PP, tied_PP = (sim_PP > last_P1).double(), (sim_PP == last_P1).double()
    return above_PP + tied_PP * (top - above_PP.sum(1, keepdim=True)) / tied_PP.sum(1, keepdim=True)


def target_entropy(sims: Sequence[Tensor], *, reduce: Reduce, temperature: float) -> float:
    """Mean entropy, in nats, of what a student is to imitate: ``softmax(T / d)`` by rows, T the reduced cosines."""
    logits_PP = reduce_similarities(torch.stack(list(sims)), reduce=reduce).double() / temperature
    log_PP = logits_PP.log_softmax(1)
    return float(-(log_PP.exp() * log_PP).sum(1).mean())
