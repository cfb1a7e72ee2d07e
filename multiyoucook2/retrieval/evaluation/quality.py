"""Recall of groups of queries: by the quality of the translation that asks, by what checks said of it, by its author.

A caption that is hard to translate is often hard to find in any language. So each group stands beside the English
captions of the same clips: the **gap** is the recall of the group less the recall of those. What a better translation
buys is read from the gap, not from the recall.

Intervals are of the hierarchical bootstrap over seeds and clips, as in tables; a clip is drawn with all its languages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...corpus.provenance import CaptionKey, Provenance
from ...errors import TrainingError
from .bootstrap import hits, over_replicates, replicate_draws
from .queries import EvaluationSet
from .results import Ranks
from .table import Cell

ALL, MEAN = "all", "mean"  # all queries of a group, of any language; the mean over the languages
Members = npt.NDArray[np.bool_]
PER = 0.1  # of quality


@dataclass(frozen=True)
class GroupRow:
    """Of the queries of one group: how many there are, their recall, that of the same clips' English, and the gap.

    ``by`` says what is told apart, ``lang`` is a code or ``all``; ``english`` and ``gap`` are ``None`` without English.
    """

    by: str
    group: str
    lang: str
    queries: int
    recall: Cell
    english: Cell | None
    gap: Cell | None


def provenance_of(data: EvaluationSet, lang: str, known: Mapping[CaptionKey, Provenance]) -> list[Provenance | None]:
    """How the query of each clip of the pool came about; ``None`` where a clip has no query in the language.

    Raises:
        TrainingError: the protocol asks with several captions a clip.
    """
    if data.query not in ("first", "listed"):
        raise TrainingError(f"with --query {data.query} a clip has several queries, of different quality")
    found: list[Provenance | None] = [None] * len(data.pool.clip_ids)
    for place, index, _ in data.asked[lang]:
        found[place] = known[data.pool.clip_ids[place], index]
    return found


def groupings(
    made: Mapping[str, Sequence[Provenance | None]], edges: Sequence[float], *, source: str
) -> dict[tuple[str, str], Members]:
    """(what is told apart, group) -> which queries are in it, [P, L], in the order of ``made``'s languages.

    Quality is cut at ``edges``; a value at an edge is of the upper group. The source language has an author only.

    Raises:
        TrainingError: edges that do not rise within 0 and 1.
    """
    bounds = [0.0, *edges, 1.0]
    if any(low >= high for low, high in pairwise(bounds)):
        raise TrainingError("the bounds of quality must rise, within 0 and 1", hint="such as 0.25,0.5,0.75")
    tests: dict[tuple[str, str], Callable[[Provenance], bool]] = {
        ("quality", f"{low:g} to {high:g}"): _between(low, high) for low, high in pairwise(bounds)
    }
    tests |= {
        ("checks", "refused"): lambda one: not one.accepted,
        ("checks", "accepted"): lambda one: one.accepted,
        ("repair", "repaired"): lambda one: one.repaired,
        ("repair", "first translation"): lambda one: not one.repaired and one.human is not True,
        ("author", "machine"): lambda one: one.human is False,
        ("author", "human"): lambda one: one.human is True,
    }
    return {
        (by, group): np.array(
            [
                [one is not None and (by == "author" or lang != source) and test(one) for one in of_lang]
                for lang, of_lang in made.items()
            ],
            dtype=bool,
        ).T
        for (by, group), test in tests.items()
    }


def _between(low: float, high: float) -> Callable[[Provenance], bool]:
    return lambda one: one.quality is not None and (low <= one.quality < high or one.quality == high == 1.0)


def group_rows(
    ranks: Mapping[str, Sequence[Ranks]],
    groups: Mapping[tuple[str, str], Members],
    *,
    level: int,
    source: str,
    resamples: int = 1000,
    seed: int = 0,
) -> list[GroupRow]:
    """The rows of all groups that have queries, each language alone and all queries together.

    Args:
        ranks: language -> of each seed the ranks [P] of its queries, NaN where there is none; members' columns are in
            this order of languages.
        level: K of R@K.
    """
    langs = list(ranks)
    hits_SPL = np.stack([hits(np.stack(of_lang), level) for of_lang in ranks.values()], axis=2)
    source_SPL = np.full_like(hits_SPL, np.nan)
    if source in langs:
        source_SPL[:] = hits_SPL[:, :, [langs.index(source)]]
    heads, columns = [], []
    for (by, group), member_PL in groups.items():
        chosen = [(lang, [number]) for number, lang in enumerate(langs) if member_PL[:, number].any()]
        chosen += [(ALL, [langs.index(lang) for lang, _ in chosen])] if len(chosen) > 1 else []
        for lang, numbers in chosen:
            own_SPN = np.where(member_PL[:, numbers], hits_SPL[:, :, numbers], np.nan)
            same_SPN = np.where(np.isnan(own_SPN), np.nan, source_SPL[:, :, numbers])
            heads.append((by, group, lang, int((~np.isnan(own_SPN[0])).sum())))
            columns += [(own_SPN, 0.0), (same_SPN, 0.0), (own_SPN - same_SPN, -100.0)]
    cells = iter(_cells(columns, resamples, seed))
    rows = []
    for by, group, lang, queries in heads:
        recall, english, gap = next(cells), next(cells), next(cells)
        rows.append(GroupRow(by, group, lang, queries, recall, *((english, gap) if source in langs else (None, None))))
    return rows


def _cells(columns: Sequence[tuple[Ranks, float]], resamples: int, seed: int) -> list[Cell]:
    """A figure each of values of queries, [S, P, N] of N languages, NaN where a query is not of the group; and the
    least that it can be."""
    counts = [(~np.isnan(of)).sum(2).astype(np.float64) for of, _ in columns]
    with np.errstate(invalid="ignore"):
        means = [np.nansum(of, axis=2) / count_SP for (of, _), count_SP in zip(columns, counts, strict=True)]
        count_SPM, mean_SPM = np.stack(counts, axis=2), np.stack(means, axis=2)
        value_SM = np.nansum(mean_SPM * count_SPM, axis=1) / count_SPM.sum(1)
    drawn_SRM = replicate_draws(mean_SPM, resamples=resamples, seed=seed, weights_SCM=count_SPM)
    drawn_RM = over_replicates(value_SM, drawn_SRM, seed=seed)
    return [Cell.of(value_SM[:, one], drawn_RM[:, one], least=least) for one, (_, least) in enumerate(columns)]


def slopes(
    ranks: Mapping[str, Sequence[Ranks]],
    quality_PL: Ranks,
    *,
    level: int,
    source: str,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Cell]:
    """Points of R@K that 0.1 of quality goes with, by language and as their mean: the slope of a least-squares line
    through the queries' hits less the hits of the same clips' source texts.

    Args:
        quality_PL: of each query, NaN where it is not known; in the order of ``ranks``.
    """
    langs = [lang for lang in ranks if lang != source]
    places = {lang: number for number, lang in enumerate(ranks)}
    base_SP = hits(np.stack(ranks[source]), level) if source in ranks else 0.0
    columns, kept = [], []
    for lang in langs:
        y_SP = hits(np.stack(ranks[lang]), level) - base_SP
        x_SP = np.where(np.isnan(y_SP), np.nan, quality_PL[:, places[lang]])
        y_SP = np.where(np.isnan(x_SP), np.nan, y_SP)
        if np.nanmax(x_SP, initial=-1.0) > np.nanmin(x_SP, initial=2.0):
            kept.append(lang)
            columns += [x_SP, x_SP**2, y_SP, x_SP * y_SP]
    if not kept:
        return {}
    values_SPM = np.stack(columns, axis=2)
    value_SL = _slope(np.nanmean(values_SPM, axis=1))
    drawn_SRL = _slope(replicate_draws(values_SPM, resamples=resamples, seed=seed))
    drawn_RL = over_replicates(value_SL, drawn_SRL, seed=seed)
    columns_of = {lang: [number] for number, lang in enumerate(kept)}
    if len(kept) > 1:
        columns_of[MEAN] = list(range(len(kept)))
    bounds = {"least": -np.inf, "most": np.inf}  # of a slope there are none
    return {
        name: Cell.of(value_SL[:, numbers].mean(1), drawn_RL[:, numbers].mean(1), **bounds)
        for name, numbers in columns_of.items()
    }


def _slope(moments: Ranks) -> Ranks:
    """Means of x, x^2, y and xy, four a language along the last axis -> the slope of y on x, times ``PER``."""
    x, xx, y, xy = (moments[..., first::4] for first in range(4))
    spread = xx - x * x
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Ranks = PER * np.where(spread > 0, (xy - x * y) / spread, np.nan)
    return found
