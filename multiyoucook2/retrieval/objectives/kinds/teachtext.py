"""The ablation after TeachText (arXiv:2104.08271): smooth L1 between the cosines themselves, no distributions."""

from torch import Tensor, nn

from ..base import OBJECTIVES, LossSettings, Objective
from ..losses import teachtext_loss
from ..teachers import reduce_similarities


def distil(student_BB: Tensor, teachers_KBB: Tensor, settings: LossSettings, learned: nn.Module | None) -> Tensor:
    """``(1 - w) mean smooth L1(S_l, T)``, T = the reduced teachers."""
    reduced_BB = reduce_similarities(teachers_KBB, reduce=settings.reduce)
    return (1 - settings.contrastive_weight) * teachtext_loss(student_BB, reduced_BB)


OBJECTIVES.add(Objective("teachtext", "ablation: smooth L1 to the reduced teachers", distil, reduces=True))
