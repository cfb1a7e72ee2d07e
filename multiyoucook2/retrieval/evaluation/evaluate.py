"""Scores of a model per language, in both directions, over a named pool of clips, with bootstrap intervals."""

import time
from collections.abc import Mapping

import torch

from ...progress import Listener, Silent
from ..device import Autocast, autocast_of
from ..model.towers import TextVideoModel
from .queries import EvaluationSet
from .ranking import TIE, rank_both_ways
from .results import TASKS, Evaluation, evaluation_of, shared_by
from .scores import Ranks, RetrievalScore, score_ranks, tie_rule
from .signature import signature_of


def setting_of(data: EvaluationSet) -> dict[str, object]:
    """What the evaluation of any model on ``data`` says that must agree for two to be compared."""
    lang = data.captions.languages[0]  # it is the same in all
    return shared_by(signature_of(data.labels(lang), pool=len(data.pool.clip_ids), ties=tie_rule(TIE)))


def evaluate_model(
    model: TextVideoModel,
    data: EvaluationSet,
    *,
    max_length: int = 40,
    device: torch.device | str = "cpu",
    precision: str = "float32",
    autocast: Autocast | None = None,
    resamples: int = 1000,
    seed: int = 0,
    labels: Mapping[str, str] | None = None,
    listener: Listener | None = None,
) -> Evaluation:
    """Score a model on every language of ``data`` that has a text in the pool.

    Args:
        max_length: tokens a text is cut to.
        precision: ``float32`` or ``bf16``, of the forward passes; ``autocast``: what it stands for, if it is at hand.
        resamples: of the bootstrap; 0 for no intervals. ``seed`` is its seed.
        labels: more entries for the signatures, e.g. how the model was selected.
    """
    listener, pool = listener or Silent(), data.pool
    autocast = autocast or autocast_of(precision, torch.device(device))
    embedded, what, began = 0, f"evaluate on {pool.name}", time.monotonic()
    listener.started(what, 0, data.items)

    def done(count: int) -> None:
        nonlocal embedded
        embedded += count
        listener.progress(embedded, data.items)

    was_training = model.training
    model.eval()
    video_CE, texts_of = data.embeddings(model, max_length=max_length, device=device, autocast=autocast, done=done)
    model.train(was_training)
    how = {"precision": precision, "tokens": max_length, **(labels or {})}
    scores: dict[tuple[str, str], RetrievalScore] = {}
    ranks: dict[tuple[str, str], Ranks] = {}
    for lang, asked in data.asked.items():
        if asked:
            rows = data.text_rows(lang)
            both = rank_both_ways(texts_of[lang], rows, video_CE, data.video_rows, captions_P=data.same_captions(lang))
            # what is ranked: the pool's videos for a text; for a video its clips' texts, of which there may be several
            candidates = {"t2v": len(pool.clip_ids), "v2t": max(len(pool.clip_ids), int((rows >= 0).sum()))}
            for task, ranks_P in zip(TASKS, both, strict=True):
                names: dict[str, object] = {"task": task, **data.labels(lang), **how}
                scores[task, lang] = score_ranks(
                    ranks_P, pool=len(pool.clip_ids), candidates=candidates[task], tolerance=TIE, labels=names
                )
                ranks[task, lang] = ranks_P
    counts = {"clips": len(pool.clip_ids), "queries": sum(map(len, data.asked.values()))}
    listener.finished(what, skipped=False, seconds=time.monotonic() - began, counts=counts)
    return evaluation_of(
        ranks,
        {key: score.made for key, score in scores.items()},
        clip_ids=pool.clip_ids,
        without_features=data.without_features,
        resamples=resamples,
        seed=seed,
    )
