"""What an objective is. Each has a file of its own in :mod:`kinds`; adding one is adding its file.

With S_l = cos(text in language l, video) among the clips that have a text in l, and T the teachers' cosines among the
clips that have a text in the source language (English), every objective is a sum over the languages l of

``contrastive part of S_l  +  distillation part of (S_l, T)``

The contrastive part is NCE(S_l), times w where there are teachers. The distillation part is what the objectives differ
in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from ...registry import Registry

Reduce = Literal["max", "min", "mean"]


@dataclass(frozen=True)
class LossSettings:
    """The numbers of a recipe that losses read: see :class:`multiyoucook2.retrieval.recipe.TrainingRecipe`."""

    temperature: float
    distillation_temperature: float
    contrastive_weight: float
    reduce: Reduce
    english_twice: bool


# (student's cosines [B, B], each teacher's [K, B, B], settings, what is learned with it) -> scalar, weighted
Distillation = Callable[[Tensor, Tensor, LossSettings, nn.Module | None], Tensor]


@dataclass(frozen=True)
class Objective:
    """One objective.

    Attributes:
        name: as recipes spell it.
        about: one line for people.
        distillation: the part with teachers; ``None`` for a baseline, which has none.
        reduces: the distillation is from one matrix, the teachers' cosines by ``settings.reduce``; else from each.
        source_only: train on the source language alone.
        learned: number of teachers -> a module trained with the student, if the distillation needs one.
    """

    name: str
    about: str
    distillation: Distillation | None = None
    reduces: bool = False
    source_only: bool = False
    learned: Callable[[int], nn.Module] | None = None

    @property
    def needs_teachers(self) -> bool:
        """Whether there is anything to distil."""
        return self.distillation is not None


OBJECTIVES: Registry[Objective] = Registry("multiyoucook2.retrieval.objectives.kinds", "objective")
