"""Ranks from embeddings, chunk by chunk: a million candidates x ten thousand queries without the full matrix."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .scores import Ranks

TIE = 1e-6  # cosines of the same pair in float32 differ by about this much with the shape of the matrix product
Answers = Sequence[int] | Sequence[Sequence[int]] | npt.NDArray[np.int64] | Tensor


def rank_embeddings(
    query_QE: Tensor,
    candidate_CE: Tensor,
    answers: Answers,
    *,
    query_chunk: int = 1024,
    candidate_chunk: int = 16384,
    tolerance: float = TIE,
) -> Ranks:
    """Rank of each query's answer among the candidates by cosine, from 1 (best); infinity where there is no answer.

    Cosines closer than ``tolerance`` tie and share the mean rank: without it, the rounding of a matrix product, which
    differs from chunk to chunk, would decide between equal clips. A query with several answers has the expected rank of
    the first of them. Memory: ``query_chunk x candidate_chunk`` numbers besides the embeddings.

    Args:
        query_QE, candidate_CE: embeddings of any length, on any device; half precision is widened to float32.
        answers: [Q] indices of candidates, -1 for none; or a list of indices a query, empty for none.

    Raises:
        ValueError: sizes that do not fit, a NaN or infinity, or an index outside the candidates.
    """
    if query_QE.ndim != 2 or candidate_CE.ndim != 2 or query_QE.shape[1] != candidate_CE.shape[1]:
        raise ValueError(f"embeddings [Q, E], [C, E] expected, not {list(query_QE.shape)}, {list(candidate_CE.shape)}")
    query_P, answer_P = _pairs(answers, len(query_QE), len(candidate_CE))
    candidates = _Units(candidate_CE, torch.promote_types(query_QE.dtype, candidate_CE.dtype), candidate_chunk)
    queries = _Units(query_QE, candidates.dtype, candidate_chunk)
    ranks = np.full(len(query_QE), np.inf)
    for start in range(0, len(query_QE), query_chunk):
        here_P = (query_P >= start) & (query_P < start + query_chunk)
        pairs = (query_P[here_P] - start, answer_P[here_P])
        chunk_QE = queries[start : start + query_chunk]
        ranks[start : start + query_chunk] = _rank_chunk(chunk_QE, candidates, pairs, candidate_chunk, tolerance)
    return ranks


class _Units:
    """Embeddings as unit vectors in float32 or better, made where they are asked for: a second copy of a million would
    take as much memory as the first."""

    def __init__(self, x_NE: Tensor, dtype: torch.dtype, chunk: int) -> None:
        self.x_NE, self.dtype = x_NE, torch.promote_types(dtype, torch.float32)
        norms = [part.to(self.dtype).norm(dim=1) for part in torch.split(x_NE, max(1, chunk))]
        norm_N = torch.cat(norms) if norms else x_NE.new_zeros(0, dtype=self.dtype)
        if not bool(norm_N.isfinite().all()):
            raise ValueError(f"embeddings hold NaN or infinity, first in row {int((~norm_N.isfinite()).nonzero()[0])}")
        self.scale_N1 = norm_N.clamp(min=1e-12).reciprocal()[:, None]

    def __len__(self) -> int:
        return len(self.x_NE)

    def __getitem__(self, rows: slice | Tensor) -> Tensor:
        return self.x_NE[rows].to(self.dtype) * self.scale_N1[rows]

    def into(self, buffer_NE: Tensor, start: int) -> Tensor:
        """The rows from ``start`` on, as many as fit into the buffer, written there."""
        part_NE = self.x_NE[start : start + len(buffer_NE)]
        scale_N1 = self.scale_N1[start : start + len(buffer_NE)]
        return torch.mul(part_NE.to(self.dtype), scale_N1, out=buffer_NE[: len(part_NE)])


def _rank_chunk(
    query_QE: Tensor, candidates: _Units, pairs: tuple[Tensor, Tensor], chunk: int, tolerance: float
) -> Ranks:
    query_P, answer_P = (index.to(query_QE.device) for index in pairs)
    own_P = (query_QE[query_P] * candidates[answer_P]).sum(1)
    best_Q = own_P.new_full((len(query_QE),), torch.inf)
    best_Q = best_Q.scatter_reduce(0, query_P, own_P, "amax", include_self=False)
    # The answer's own cosine is computed apart from the matrix product below, so it may differ from its place there by
    # rounding; the tolerance puts both on the same side.
    tied_Q = torch.zeros(len(query_QE), dtype=torch.int64, device=own_P.device)
    tied_Q.index_add_(0, query_P, (own_P >= best_Q[query_P] - tolerance).long())  # answers in the tie: 1 mostly
    above_Q, not_below_Q = torch.zeros_like(tied_Q), torch.zeros_like(tied_Q)
    high_Q1, low_Q1 = (best_Q + tolerance)[:, None], (best_Q - tolerance)[:, None]
    width = min(chunk, len(candidates))
    buffers = [query_QE.new_empty(len(query_QE) * width) for _ in range(2)]
    buffer_CE = query_QE.new_empty(width, query_QE.shape[1])
    for start in range(0, len(candidates), chunk):
        part_CE = candidates.into(buffer_CE, start)
        size = len(query_QE) * len(part_CE)
        sim_QC, hit_QC = (buffer[:size].view(len(query_QE), len(part_CE)) for buffer in buffers)
        torch.mm(query_QE, part_CE.T, out=sim_QC)
        # summing 0.0 and 1.0 is many times faster than counting booleans by row, and exact up to 2^24 in a chunk
        above_Q += torch.gt(sim_QC, high_Q1, out=hit_QC).sum(1).long()
        not_below_Q += torch.ge(sim_QC, low_Q1, out=hit_QC).sum(1).long()
    # Ahead of the best answer are those above it, and some of the others in its tie: in a random order, each of these
    # comes before the first of `tied_Q` answers with probability 1 / (tied_Q + 1).
    # The clamp is for an answer whose product was rounded out of its own tie.
    others_Q = (not_below_Q - above_Q - tied_Q).clamp(min=0).double()
    ranks_Q = 1 + above_Q.double() + others_Q / (tied_Q + 1)
    return np.asarray(ranks_Q.masked_fill(tied_Q == 0, torch.inf).cpu().numpy())


def rank_both_ways(
    text_QE: Tensor,
    text_row_P: npt.NDArray[np.int64],
    video_CE: Tensor,
    video_row_P: npt.NDArray[np.int64],
    *,
    captions_P: Sequence[object] | None = None,
    query_chunk: int = 1024,
    candidate_chunk: int = 16384,
) -> tuple[Ranks, Ranks]:
    """Ranks of one language over a pool of P clips: text to video, and video to text.

    Args:
        text_QE, text_row_P: text embeddings, and the row of each clip's text, -1 where it has none; [P], or [P, K]
            where clips have up to K texts.
        video_CE, video_row_P: video embeddings, and the row of each clip, -1 where it has no features.
        captions_P: the texts themselves, in the shape of ``text_row_P``, if clips with the same caption are to count as
            answers to one another.

    Returns:
        (t2v, v2t): ranks from 1, a number a text in the shape of ``text_row_P``, and [P], where the best of a clip's
        texts counts. Infinity for a miss, which is a clip with a text but without features, in both directions; NaN
        where there is no text in this language, so that nothing can be asked.
    """
    text_row_P, video_row_P = np.asarray(text_row_P), np.asarray(video_row_P)
    text_row_PK = text_row_P.reshape(len(video_row_P), -1)
    clip_Q, slot_Q = np.nonzero(text_row_PK >= 0)  # every text, clip by clip
    group_Q = clip_Q
    if captions_P is not None:
        said = np.array(captions_P, dtype=object).reshape(text_row_PK.shape)[clip_Q, slot_Q]
        group_Q = np.unique(said, return_inverse=True)[1].reshape(-1) if len(said) else clip_Q
    chunks = {"query_chunk": query_chunk, "candidate_chunk": candidate_chunk}
    has_text_P, has_video_P = (text_row_PK >= 0).any(1), video_row_P >= 0
    groups_of_clip: list[list[int]] = [[] for _ in video_row_P]
    for clip, group in zip(clip_Q.tolist(), group_Q.tolist(), strict=True):
        groups_of_clip[clip].append(group)

    t2v_PK = np.where(text_row_PK >= 0, np.inf, np.nan)
    videos = np.flatnonzero(has_video_P)
    if len(clip_Q) and len(videos):
        answers = _members(groups_of_clip[clip] for clip in videos.tolist())
        ranks_Q = rank_embeddings(
            _take(text_QE, text_row_PK[clip_Q, slot_Q]),
            _take(video_CE, video_row_P[videos]),
            [answers.get(group, []) for group in group_Q.tolist()],
            **chunks,
        )
        t2v_PK[clip_Q, slot_Q] = np.where(has_video_P[clip_Q], ranks_Q, np.inf)

    v2t_P = np.where(has_text_P, np.inf, np.nan)
    asked = np.flatnonzero(has_text_P & has_video_P)
    if len(asked):
        texts = _members([group] for group in group_Q.tolist())
        v2t_P[asked] = rank_embeddings(
            _take(video_CE, video_row_P[asked]),
            _take(text_QE, text_row_PK[clip_Q, slot_Q]),
            [[row for group in set(groups_of_clip[clip]) for row in texts[group]] for clip in asked.tolist()],
            **chunks,
        )
    return t2v_PK.reshape(text_row_P.shape), v2t_P


def _members(groups: Iterable[list[int]]) -> dict[int, list[int]]:
    """Group -> which candidates belong to it; a candidate may belong to several."""
    members: dict[int, list[int]] = {}
    for candidate, of in enumerate(groups):
        for group in set(of):
            members.setdefault(group, []).append(candidate)
    return members


def _take(x_NE: Tensor, rows: npt.NDArray[np.int64]) -> Tensor:
    """The rows, without a copy where they are all rows in their order: a million candidates need not be held twice."""
    return x_NE if np.array_equal(rows, np.arange(len(x_NE))) else x_NE[torch.from_numpy(rows)]


def _pairs(answers: Answers, queries: int, candidates: int) -> tuple[Tensor, Tensor]:
    """(query, candidate) of every answer, by query."""
    if len(answers) != queries:
        raise ValueError(f"there are {len(answers)} answers for {queries} queries")
    if isinstance(answers, np.ndarray | Tensor) or (queries and isinstance(answers[0], int | np.integer)):
        answer_Q = torch.as_tensor(np.asarray(answers), dtype=torch.int64)
        query_P = (answer_Q != -1).nonzero()[:, 0]
        answer_P = answer_Q[query_P]
    else:
        lists: list[list[int]] = [sorted(set(found)) for found in answers]  # type: ignore[arg-type]
        query_P = torch.repeat_interleave(torch.tensor([len(found) for found in lists], dtype=torch.int64))
        answer_P = torch.tensor([row for found in lists for row in found], dtype=torch.int64)
    if bool(((answer_P < 0) | (answer_P >= candidates)).any()):
        raise ValueError(f"an answer is outside the candidates 0..{candidates - 1}")
    return query_P, answer_P
