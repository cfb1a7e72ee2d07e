"""Retrieval scores from similarities: ranks, recalls, and the signature that says how they were made.

Rules, all of them in the signature where they change the number:

- a rank is 1 for the best; equal scores share the mean rank of the tie, so a constant matrix of N columns gives every
  query the rank (N + 1) / 2 instead of flattering the model;
- a clip of the pool that has no features is a miss: it counts in the number of queries, with the rank ``pool``;
- with several relevant candidates a query is ranked by its best one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .signature import Signature, signature_of

Array = npt.NDArray[np.generic]
Ranks = npt.NDArray[np.float64]
Relevant = Tensor | Array | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class RetrievalScore:
    """Recalls in percent, ranks from 1 (best), over ``queries`` queries of which ``missing`` are misses by absence.

    ``ranks_Q`` holds every query's rank (mean ranks of ties end in .5), misses last, for bootstraps; ``str(score)`` is
    one line with the signature.
    """

    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float
    mean_rank: float
    queries: int
    pool: int
    missing: int
    made: Signature
    ranks_Q: Ranks = field(repr=False, compare=False)

    @property
    def signature(self) -> str:
        """One line that says how the score was made; :attr:`made` holds the same as values."""
        return str(self.made)

    @property
    def geometric_mean(self) -> float:
        """Geometric mean of the three recalls, in percent."""
        return float((self.recall_at_1 * self.recall_at_5 * self.recall_at_10) ** (1 / 3))

    def to_dict(self) -> dict[str, float | int | str]:
        """What JSON keeps of the score: all but the ranks."""
        names = ("recall_at_1", "recall_at_5", "recall_at_10", "geometric_mean", "median_rank", "mean_rank")
        values: dict[str, float | int | str] = {name: float(getattr(self, name)) for name in names}
        return values | {
            "queries": self.queries,
            "pool": self.pool,
            "missing": self.missing,
            "signature": self.signature,
        }

    def __str__(self) -> str:
        return (
            f"R@1 {self.recall_at_1:.1f} R@5 {self.recall_at_5:.1f} R@10 {self.recall_at_10:.1f} "
            f"MdR {self.median_rank:g} MnR {self.mean_rank:.1f} {self.signature}"
        )


def retrieval_score(
    sim_QC: Tensor | Array,
    *,
    relevant: Relevant | None = None,
    pool: int | None = None,
    labels: Mapping[str, object] | None = None,
) -> RetrievalScore:
    """Score a similarity matrix: rows are queries, columns candidates, larger is nearer. Any real scale, ties allowed.

    Args:
        sim_QC: shape [Q, C], torch or numpy, of finite or infinite numbers.
        relevant: which candidates answer a query: ``None`` for the diagonal (then Q = C); [Q] candidate indices, -1
            for a query whose clip is not among the candidates (a miss); a boolean [Q, C]; or a list of indices a query.
        pool: clips in the pool, C or more; C by default. Each of the ``pool - C`` absent clips counts one more missed
            query, those excepted that ``relevant`` lists already with -1. Recall therefore divides by the pool size.
        labels: for the signature, e.g. ``{"task": "t2v", "lang": "de", "data": "multi-youcook2@1a2b", "feat": "s3d"}``.

    Raises:
        ValueError: a NaN, shapes that do not fit, an index outside the candidates, or a pool smaller than C.

    Example:
        >>> retrieval_score(np.eye(3), pool=4).recall_at_1
        75.0
    """
    scores_QC = _matrix(sim_QC)
    queries, candidates = scores_QC.shape
    pool = candidates if pool is None else pool
    if pool < candidates:
        raise ValueError(f"the pool has {pool} clips, fewer than the {candidates} candidates")
    several = False
    if relevant is None:
        if queries != candidates:
            raise ValueError(f"without `relevant` the matrix must be square, not {list(scores_QC.shape)}")
        ranks_Q = _ranks_of_one(scores_QC, torch.arange(queries))
    else:
        answers = _answers(relevant, queries, candidates)
        several = answers.dtype == torch.bool
        ranks_Q = _ranks_of_several(scores_QC, answers) if several else _ranks_of_one(scores_QC, answers)
    absent = max(0, pool - candidates - int(np.isinf(ranks_Q).sum()))
    ranks_Q = np.concatenate([ranks_Q, np.full(absent, np.inf)])
    return score_ranks(ranks_Q, pool=pool, labels={**({"relevant": "several"} if several else {}), **(labels or {})})


def tie_rule(tolerance: float) -> str:
    """What signatures say of cosines that are equal, or nearly so."""
    return f"mean~{tolerance:g}" if tolerance else "mean"


def score_ranks(
    ranks_Q: Ranks,
    *,
    pool: int,
    candidates: int | None = None,
    tolerance: float = 0.0,
    labels: Mapping[str, object] | None = None,
) -> RetrievalScore:
    """Score ranks that are known already, e.g. from :func:`multiyoucook2.retrieval.evaluation.ranking.rank_both_ways`.

    Args:
        ranks_Q: ranks from 1, of any shape; infinity for a miss (a clip without features), which gets the last rank;
            NaN where there is no query (no text in the language), which is left out.
        pool: clips in the pool.
        candidates: what was ranked, and so the last rank, where it is not the clips of the pool.
        tolerance: the difference up to which scores tied when they were ranked.
        labels: for the signature: fields of :class:`.signature.Signature` or others.

    Raises:
        ValueError: no query, or a rank outside 1..candidates.
    """
    last = pool if candidates is None else candidates
    ranks_Q = np.asarray(ranks_Q, dtype=np.float64).ravel()
    ranks_Q = ranks_Q[~np.isnan(ranks_Q)]
    missed = np.isinf(ranks_Q)
    if not len(ranks_Q):
        raise ValueError("there is no query to score")
    found = ranks_Q[~missed]
    if len(found) and not (found.min() >= 1 and found.max() <= last):
        raise ValueError(f"ranks must be within 1..{last}, found {found.min():g}..{found.max():g}")
    missing = int(missed.sum())
    ranks_Q = np.concatenate([found, np.full(missing, float(last))])
    # a miss is no hit even where the pool has ten clips or fewer
    recalls = [100.0 * float((found <= k).sum()) / len(ranks_Q) for k in (1, 5, 10)]
    made = signature_of(
        labels or {},
        pool=pool,
        missing=missing,
        queries=0 if len(ranks_Q) == pool else len(ranks_Q),
        candidates=0 if last == pool else last,
        ties=tie_rule(tolerance),
    )
    str(made)  # raises where a label cannot be said
    return RetrievalScore(
        recall_at_1=recalls[0],
        recall_at_5=recalls[1],
        recall_at_10=recalls[2],
        median_rank=float(np.median(ranks_Q)),
        mean_rank=float(ranks_Q.mean()),
        queries=len(ranks_Q),
        pool=pool,
        missing=missing,
        made=made,
        ranks_Q=ranks_Q,
    )


def _matrix(sim_QC: Tensor | Array) -> Tensor:
    scores_QC = torch.as_tensor(sim_QC).detach()
    if scores_QC.ndim != 2 or not scores_QC.numel():
        raise ValueError(f"similarities must have shape [Q, C] with Q, C >= 1, not {list(scores_QC.shape)}")
    if scores_QC.is_floating_point() and bool(scores_QC.isnan().any()):
        row, column = scores_QC.isnan().nonzero()[0].tolist()
        raise ValueError(f"similarities hold NaN, first in row {row}, column {column}")
    return scores_QC


def _answers(relevant: Relevant, queries: int, candidates: int) -> Tensor:
    """``relevant`` in one of two forms: int64 [Q] with -1 for none, or boolean [Q, C]."""
    if (
        not isinstance(relevant, Tensor | np.ndarray)
        and len(relevant)
        and not isinstance(relevant[0], int | np.integer)
    ):
        if len(relevant) != queries:
            raise ValueError(f"`relevant` has {len(relevant)} rows for {queries} queries")
        answers = torch.zeros(queries, candidates, dtype=torch.bool)
        lists: Sequence[Sequence[int]] = relevant  # type: ignore[assignment]  # its first entry is no number
        for row, columns in enumerate(lists):
            if any(not 0 <= column < candidates for column in columns):
                raise ValueError(f"`relevant` of query {row} is outside 0..{candidates - 1}: {list(columns)}")
            answers[row, list(columns)] = True
        return answers
    answers = torch.as_tensor(relevant)
    if answers.dtype == torch.bool and answers.shape == (queries, candidates):
        return answers
    if answers.is_floating_point() or answers.dtype == torch.bool or answers.shape != (queries,):
        raise ValueError(
            f"`relevant` must be [{queries}] indices or a boolean [{queries}, {candidates}], "
            f"not {answers.dtype} {list(answers.shape)}"
        )
    if bool(((answers < -1) | (answers >= candidates)).any()):
        raise ValueError(f"`relevant` holds an index outside -1..{candidates - 1}")
    return answers.long()


def _ranks_of_one(scores_QC: Tensor, answer_Q: Tensor) -> Ranks:
    answer_Q = answer_Q.to(scores_QC.device)
    own_Q1 = scores_QC.gather(1, answer_Q.clamp(min=0).unsqueeze(1))
    above_Q = (scores_QC > own_Q1).sum(1).double()
    equal_Q = (scores_QC == own_Q1).sum(1).double() - 1  # without the answer itself
    ranks_Q = (1 + above_Q + equal_Q / 2).cpu().numpy()
    return np.where((answer_Q < 0).cpu().numpy(), np.inf, ranks_Q)


def _ranks_of_several(scores_QC: Tensor, relevant_QC: Tensor) -> Ranks:
    """The expected rank of the first relevant candidate, ties in random order: e others tied with r answers give
    e / (r + 1) before it, which for r = 1 is the mean rank of the tie."""
    relevant_QC = relevant_QC.to(scores_QC.device)
    scores_QC = scores_QC.double()
    best_Q1 = scores_QC.masked_fill(~relevant_QC, -torch.inf).amax(1, keepdim=True)
    equal_QC = scores_QC == best_Q1
    above_Q = (scores_QC > best_Q1).sum(1).double()
    others_Q = (equal_QC & ~relevant_QC).sum(1).double()
    answers_Q = (equal_QC & relevant_QC).sum(1).double()
    ranks_Q = (1 + above_Q + others_Q / (answers_Q + 1)).cpu().numpy()
    return np.where(relevant_QC.any(1).cpu().numpy(), ranks_Q, np.inf)
