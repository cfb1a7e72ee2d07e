"""The losses, on matrices of cosines: rows are texts, columns videos, and item ``i`` of both belongs together.

Half precision is computed in float32; float64 stays float64. All raise ``ValueError`` with the shapes found.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def symmetric_info_nce(sim_BB: Tensor, *, temperature: float) -> Tensor:
    """Contrastive loss in both directions, summed (no factor 1/2).

    ``-(1/B) sum_i log softmax_row(S/t)_ii - (1/B) sum_i log softmax_col(S/t)_ii``

    Args:
        sim_BB: cosines in [-1, 1], shape [B, B], before the temperature.
        temperature: t > 0.

    Returns:
        A scalar >= 0; ``2 log B`` if all cosines are equal.

    Example:
        >>> round(float(symmetric_info_nce(torch.zeros(4, 4), temperature=0.05)), 4)
        2.7726

    Source: C2KD (arXiv:2210.03625), eq. 1.
    """
    logits_BB = _logits(sim_BB, temperature)
    target_B = torch.arange(len(logits_BB), device=logits_BB.device)
    return F.cross_entropy(logits_BB, target_B) + F.cross_entropy(logits_BB.T, target_B)


def distillation_loss(student_BB: Tensor, teacher_BB: Tensor, *, temperature: float) -> Tensor:
    """Divergence of the student's similarity distributions from the teacher's, by rows plus by columns.

    ``(1/B) sum_i KL(softmax_row(T/d)_i || softmax_row(S/d)_i)`` + the same of the transposed matrices. The gradient in
    S equals that of the paper's cross entropy, which differs by the teacher's entropy only.

    Args:
        student_BB: cosines S, shape [B, B]; gradients flow into it.
        teacher_BB: cosines T, shape [B, B]; a constant: no gradient flows into it.
        temperature: d > 0.

    Returns:
        A scalar >= 0, zero exactly where the distributions agree.
    """
    _same_shape(student_BB, teacher_BB)
    teacher_BB = teacher_BB.detach()
    return _divergence_by_rows(student_BB, teacher_BB, temperature) + _divergence_by_rows(
        student_BB.T, teacher_BB.T, temperature
    )


def teachtext_loss(student_BB: Tensor, teacher_BB: Tensor) -> Tensor:
    """Mean smooth L1 distance of the similarities themselves (threshold 1), as in TeachText.

    ``mean_ij h(S_ij - T_ij)`` with ``h(x) = x^2/2`` where ``|x| < 1``, else ``|x| - 1/2``. No temperature.

    Source: Croitoru et al., TeachText (arXiv:2104.08271).
    """
    _same_shape(student_BB, teacher_BB)
    return F.smooth_l1_loss(at_least_float32(student_BB), at_least_float32(teacher_BB.detach()))


def at_least_float32(x: Tensor) -> Tensor:
    """float16 and bfloat16 as float32; float32 and float64 unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _divergence_by_rows(student_BB: Tensor, teacher_BB: Tensor, temperature: float) -> Tensor:
    student_log_BB = F.log_softmax(_logits(student_BB, temperature), dim=1)
    teacher_log_BB = F.log_softmax(_logits(teacher_BB, temperature), dim=1)
    return F.kl_div(student_log_BB, teacher_log_BB, reduction="batchmean", log_target=True)


def _logits(sim_BB: Tensor, temperature: float) -> Tensor:
    if sim_BB.ndim != 2 or sim_BB.shape[0] != sim_BB.shape[1] or not len(sim_BB):
        raise ValueError(f"similarities must have shape [B, B] with B >= 1, not {list(sim_BB.shape)}")
    if not temperature > 0:
        raise ValueError(f"the temperature must be above 0, not {temperature}")
    return at_least_float32(sim_BB) / temperature


def _same_shape(student_BB: Tensor, teacher_BB: Tensor) -> None:
    if student_BB.shape != teacher_BB.shape:
        raise ValueError(f"student and teacher differ in shape: {list(student_BB.shape)} and {list(teacher_BB.shape)}")
