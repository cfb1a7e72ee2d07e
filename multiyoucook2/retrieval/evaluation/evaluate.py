"""Scores of a model per language, in both directions, over a named pool of clips, with bootstrap intervals.

A folder ``evaluation/`` holds ``scores.json`` (what the table shows, with signatures) and ``ranks.parquet`` (a row a
clip of the pool, a column ``TASK/LANG`` with the rank of its query: NaN where there is no query, infinity for a miss),
from which :mod:`compare` pairs runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...corpus.captions import Captions
from ...errors import FeatureError
from ...features.store import FeatureStore
from ...files import FileRow, json_bytes, known_sha256, parquet_bytes, replace_folder
from ..data.vectors import read_vectors
from ..model.towers import TextVideoModel
from .bootstrap import RECALL_LEVELS, hits, interval, resampled_means
from .embed import Autocast, embed_texts, embed_videos, encode_sentences
from .pool import Pool
from .ranking import rank_both_ways
from .scorefiles import RANKS_FILE, SCORES_FILE, evaluation_folder
from .scores import Ranks, RetrievalScore, score_ranks

TASKS = ("t2v", "v2t")
MEASURES = (*(f"recall_at_{level}" for level in RECALL_LEVELS), "geometric_mean", "median_rank", "mean_rank")


@dataclass(frozen=True)
class Row:
    """One line of the table: a task and a language, or a mean (``mean``, ``mean-not-en``, which has no signature).

    ``values`` has the names of ``MEASURES``; ``intervals`` the 95% bounds of those that are bootstrapped.
    """

    task: str
    lang: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    signature: str = ""


@dataclass(frozen=True)
class Evaluation:
    """``setting`` is what runs must share to be compared; ``ranks`` maps (task, lang) to ranks beside ``clip_ids``."""

    rows: tuple[Row, ...]
    setting: Mapping[str, Any]
    clip_ids: tuple[str, ...]
    ranks: Mapping[tuple[str, str], Ranks] = field(repr=False, compare=False)
    without_features: tuple[str, ...] = ()

    def row(self, task: str, lang: str) -> Row:
        """One line; KeyError if it is not there."""
        for row in self.rows:
            if (row.task, row.lang) == (task, lang):
                return row
        raise KeyError((task, lang))

    def to_dict(self) -> dict[str, Any]:
        """What ``scores.json`` holds."""
        rows = [
            {
                "task": row.task,
                "lang": row.lang,
                **row.values,
                "intervals": dict(row.intervals),
                "signature": row.signature,
            }
            for row in self.rows
        ]
        return {"setting": dict(self.setting), "without_features": list(self.without_features), "scores": rows}

    def save(self, run: Path) -> Path:
        """Write the folder ``evaluation/`` of a run, replacing an earlier one; returns it."""
        import pyarrow as pa

        columns = {"clip_id": list(self.clip_ids)} | {
            f"{task}/{lang}": ranks for (task, lang), ranks in self.ranks.items()
        }
        files = {SCORES_FILE: json_bytes(self.to_dict()), RANKS_FILE: parquet_bytes(pa.table(columns))}
        folder = evaluation_folder(run)
        replace_folder(folder, files, "evaluation", known=_earlier_files(folder))
        return folder


def _earlier_files(folder: Path) -> dict[str, FileRow]:
    """The two files of an evaluation, which earlier versions left without a manifest; they can be made again."""
    paths = [path for path in (folder / SCORES_FILE, folder / RANKS_FILE) if path.is_file()]
    return {path.name: FileRow(bytes=path.stat().st_size, sha256=known_sha256(path)) for path in paths}


class EvaluationSet:
    """The clips of a pool with features and texts, ready to be scored any number of times.

    Args:
        captions: of the split, rejected translations included, so that the queries are the same for everyone.
        duplicates: count clips whose caption in the language is the same (but for case) as relevant for one another.
        vectors: sentence vectors that were computed elsewhere, for a model that cannot encode texts.

    Raises:
        FeatureError: no clip of the pool has features.
    """

    def __init__(
        self,
        captions: Captions,
        store: FeatureStore,
        pool: Pool,
        *,
        duplicates: bool = False,
        vectors: FeatureStore | None = None,
    ) -> None:
        self.captions, self.store, self.pool = captions, store, pool
        self.duplicates, self.sentence_vectors = duplicates, vectors
        rows = store.rows(pool.clip_ids)
        self.without_features = tuple(clip for clip, row in zip(pool.clip_ids, rows, strict=True) if row < 0)
        if len(self.without_features) == len(pool.clip_ids):
            raise FeatureError(
                f"none of the {len(rows)} clips of the pool {pool.name!r} has features in {store.folder}",
                hint=f"the pool has ids like {pool.clip_ids[0]!r}, the features like {store.clip_ids[0]!r}",
            )
        self._store_rows = rows[rows >= 0]
        self.video_rows = np.where(rows >= 0, np.cumsum(rows >= 0) - 1, -1)  # of each clip among the embeddings
        number = {clip: i for i, clip in enumerate(captions.clip_ids)}
        self.texts = {
            lang: {clip: found[number[clip]][0] for clip in pool.clip_ids if found[number[clip]]}
            for lang, found in captions.texts.items()
        }
        self._frozen: dict[str, Tensor] = {}

    def text_rows(self, lang: str) -> npt.NDArray[np.int64]:
        """Row of each clip of the pool among a language's text embeddings, -1 where it has no text."""
        has_P = np.array([clip in self.texts[lang] for clip in self.pool.clip_ids])
        return np.where(has_P, np.cumsum(has_P) - 1, -1)

    def labels(self, lang: str) -> dict[str, str]:
        """What the signature of a language's scores says besides pool, ties and version."""
        return {
            "lang": lang,
            "data": self.captions.label,
            "split": self.captions.split,
            "clips": self.pool.name,
            "feat": self.store.name,
            **({"relevant": "same-caption"} if self.duplicates else {}),
        }

    def embeddings(
        self, model: TextVideoModel, *, max_length: int, device: torch.device | str, autocast: Autocast
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The model's video embeddings [C, E] and, per language, text embeddings [Q_l, E].

        A frozen text encoder runs at the first call only.
        """
        settings: dict[str, Any] = {"device": device, "autocast": autocast}
        video_CE = embed_videos(model, self.store, self._store_rows, **settings)
        texts_of: dict[str, Tensor] = {}
        for lang, texts in self.texts.items():
            given: list[str] | Tensor = list(texts.values())
            if self.sentence_vectors is not None:
                given = read_vectors(self.sentence_vectors, [(clip, lang) for clip in texts])
            elif not model.encoder.trainable:
                if lang not in self._frozen:
                    self._frozen[lang] = encode_sentences(
                        model.encoder, list(texts.values()), max_length=max_length, **settings
                    )
                given = self._frozen[lang]
            texts_of[lang] = embed_texts(model, given, max_length=max_length, **settings)
        return video_CE, texts_of


def evaluate_model(
    model: TextVideoModel,
    data: EvaluationSet,
    *,
    max_length: int = 40,
    device: torch.device | str = "cpu",
    autocast: Autocast | None = None,
    resamples: int = 1000,
    seed: int = 0,
    labels: Mapping[str, str] | None = None,
) -> Evaluation:
    """Score a model on every language of ``data`` that has a text in the pool.

    Args:
        max_length: tokens a text is cut to.
        resamples: of the bootstrap; 0 for no intervals. ``seed`` is its seed.
        labels: more entries for the signatures, e.g. how the model was selected.
    """
    from contextlib import nullcontext

    was_training = model.training
    model.eval()
    video_CE, texts_of = data.embeddings(model, max_length=max_length, device=device, autocast=autocast or nullcontext)
    model.train(was_training)
    scores: dict[tuple[str, str], RetrievalScore] = {}
    ranks: dict[tuple[str, str], Ranks] = {}
    for lang, texts in data.texts.items():
        if not texts:
            continue
        same = (
            [" ".join(texts.get(clip, clip).casefold().split()) for clip in data.pool.clip_ids]
            if data.duplicates
            else None
        )
        both = rank_both_ways(texts_of[lang], data.text_rows(lang), video_CE, data.video_rows, captions_P=same)
        for task, ranks_P in zip(TASKS, both, strict=True):
            names = {"task": task, **data.labels(lang), **(labels or {})}
            asked = int((~np.isnan(ranks_P)).sum())
            if asked != len(ranks_P):  # clips without a text in this language
                names["queries"] = str(asked)
            scores[task, lang] = score_ranks(ranks_P, pool=len(data.pool.clip_ids), labels=names)
            ranks[task, lang] = ranks_P
    setting = {
        "data": data.captions.label,
        "split": data.captions.split,
        "pool": f"{data.pool.name}:{len(data.pool.clip_ids)}",
        "features": data.store.name,
        "duplicates": data.duplicates,
        "resamples": resamples,
    }
    rows = tuple(_rows(scores, ranks, resamples, seed))
    return Evaluation(rows, setting, data.pool.clip_ids, ranks, data.without_features)


def _rows(
    scores: Mapping[tuple[str, str], RetrievalScore],
    ranks: Mapping[tuple[str, str], Ranks],
    resamples: int,
    seed: int,
) -> Iterator[Row]:
    """A line a language and task, then the means over the languages, with and without English."""
    for task in TASKS:
        langs = [lang for of, lang in scores if of == task]
        if not langs:
            continue
        drawn = _resampled([ranks[task, lang] for lang in langs], resamples, seed) if resamples else {}
        for number, lang in enumerate(langs):
            score = scores[task, lang]
            values = {name: float(getattr(score, name)) for name in MEASURES}
            intervals = {name: interval(draws_RL[:, number]) for name, draws_RL in drawn.items()}
            yield Row(task, lang, values, intervals, score.signature)
        others = [number for number, lang in enumerate(langs) if lang != "en"]
        groups = {"mean": list(range(len(langs))), "mean-not-en": others}
        for name, members in groups.items():
            if len(langs) < 2 or not members or (name == "mean-not-en" and len(members) == len(langs)):
                continue
            each = [scores[task, langs[number]] for number in members]
            means = {measure: float(np.mean([getattr(score, measure) for score in each])) for measure in MEASURES}
            spread = {measure: interval(draws_RL[:, members].mean(1)) for measure, draws_RL in drawn.items()}
            yield Row(task, name, means, spread)


def _resampled(ranks: Sequence[Ranks], resamples: int, seed: int) -> dict[str, Ranks]:
    """Bootstrap draws [R, L] of the measures that are means over queries, and of the geometric mean."""
    ranks_CL = np.stack(ranks, axis=1)
    pool = float(len(ranks_CL))
    of_level = {
        f"recall_at_{level}": resampled_means(hits(ranks_CL, level), resamples=resamples, seed=seed)
        for level in RECALL_LEVELS
    }
    product = np.prod(np.stack(list(of_level.values())), axis=0)
    mean_rank = resampled_means(np.where(np.isinf(ranks_CL), pool, ranks_CL), resamples=resamples, seed=seed)
    return {**of_level, "geometric_mean": np.cbrt(product), "mean_rank": mean_rank}
