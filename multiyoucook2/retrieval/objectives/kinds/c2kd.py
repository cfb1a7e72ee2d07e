"""C2KD (arXiv:2210.03625): the teachers' cosines, reduced elementwise, are what every language is to imitate."""

from torch import Tensor, nn

from ..base import OBJECTIVES, LossSettings, Objective
from ..losses import distillation_loss
from ..teachers import reduce_similarities


def distil(student_BB: Tensor, teachers_KBB: Tensor, settings: LossSettings, learned: nn.Module | None) -> Tensor:
    """``(1 - w) [KL by rows + KL by columns](T, S_l)``, T = the reduced teachers."""
    reduced_BB = reduce_similarities(teachers_KBB, reduce=settings.reduce)
    divergence = distillation_loss(student_BB, reduced_BB, temperature=settings.distillation_temperature)
    return (1 - settings.contrastive_weight) * divergence


OBJECTIVES.add(Objective("c2kd", "contrastive and distillation from the reduced teachers", distil, reduces=True))
