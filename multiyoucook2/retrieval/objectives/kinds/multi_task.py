"""The ablation that imitates every teacher by itself, all of the same weight."""

import torch
from torch import Tensor, nn

from ..base import OBJECTIVES, LossSettings, Objective
from ..losses import distillation_loss


def distil(student_BB: Tensor, teachers_KBB: Tensor, settings: LossSettings, learned: nn.Module | None) -> Tensor:
    """``(1 - w) sum over k of [KL by rows + KL by columns](T_k, S_l)``."""
    temperature = settings.distillation_temperature
    losses_K = torch.stack([distillation_loss(student_BB, one_BB, temperature=temperature) for one_BB in teachers_KBB])
    return (1 - settings.contrastive_weight) * losses_K.sum()


OBJECTIVES.add(Objective("multi-task", "ablation: distillation from every teacher by itself, summed", distil))
