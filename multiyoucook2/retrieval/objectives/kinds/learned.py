"""The ablation that learns how much each teacher counts, while it imitates every one by itself."""

import torch
from torch import Tensor, nn

from ..base import OBJECTIVES, LossSettings, Objective
from ..losses import distillation_loss
from ..teachers import LearnedTeacherWeights


def distil(student_BB: Tensor, teachers_KBB: Tensor, settings: LossSettings, learned: nn.Module | None) -> Tensor:
    """``sum over k of a_k [KL by rows + KL by columns](T_k, S_l)``, a = softmax of what is learned; no (1 - w)."""
    if learned is None:
        raise ValueError("the objective learned needs the teachers' weights")
    temperature = settings.distillation_temperature
    losses_K = torch.stack([distillation_loss(student_BB, one_BB, temperature=temperature) for one_BB in teachers_KBB])
    weighted: Tensor = learned(losses_K)
    return weighted


OBJECTIVES.add(
    Objective("learned", "ablation: teachers under learned softmax weights", distil, learned=LearnedTeacherWeights)
)
