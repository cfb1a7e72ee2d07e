"""What a training step minimises, of the whole batch's embeddings: the two baselines, C2KD, and its ablations.

With S_l = cos(text in language l, video) among the clips that have a text in l, NCE and KL as in :mod:`losses`:

- ``zero-shot``: NCE(S_en). ``translate-train``: the sum over l of NCE(S_l).
- ``c2kd``: the sum over l of w NCE(S_l) + (1 - w) KL(T, S_l), T the teachers' similarities reduced elementwise.
- ``teachtext``: smooth L1(S_l, T) in place of KL. ``multi-task``: the sum of KL over every teacher by itself.
- ``learned``: w NCE(S_l) + the teachers' KL under learned softmax weights, without the factor (1 - w).

A clip without English has no teacher, so it is left out of the distillation, not of NCE.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..recipe import BASELINES, TrainingRecipe
from .losses import distillation_loss, symmetric_info_nce, teachtext_loss
from .similarity import unit
from .teachers import LearnedTeacherWeights, reduce_similarities


@dataclass(frozen=True)
class BatchEmbeddings:
    """Embeddings of a whole batch, over all processes: L languages, B clips.

    ``text_LBE`` holds anything where ``present_LB`` is False; ``index_B`` are the clips' positions in the training set.
    """

    text_LBE: Tensor
    present_LB: Tensor
    video_BE: Tensor
    index_B: Tensor


class ObjectiveLoss(nn.Module):
    """``forward(embeddings, teachers_KBB, english_B)`` -> a scalar, the sum over the languages.

    ``teachers_KBB`` are the teachers' English cosines among the batch's clips, ``english_B`` is True where a clip has
    an English text; the baselines need neither. Parameters exist only for the objective ``learned``.
    """

    def __init__(self, recipe: TrainingRecipe, languages: Sequence[str]) -> None:
        super().__init__()
        self.recipe = recipe
        self.languages = tuple(languages)
        self.teacher_weights = LearnedTeacherWeights(len(recipe.teachers)) if recipe.objective == "learned" else None

    def forward(
        self, embeddings: BatchEmbeddings, teachers_KBB: Tensor | None = None, english_B: Tensor | None = None
    ) -> Tensor:
        if self.recipe.objective not in BASELINES and (teachers_KBB is None or english_B is None):
            raise ValueError(f"the objective {self.recipe.objective} needs the teachers' similarities")
        text_LBE, video_BE = unit(embeddings.text_LBE), unit(embeddings.video_BE)
        total = video_BE.new_zeros(())
        for number, lang in enumerate(self.languages):
            if self.recipe.objective == "zero-shot" and lang != "en":
                continue
            rows_b = embeddings.present_LB[number].nonzero()[:, 0]
            if not len(rows_b):
                continue
            sim_bb = text_LBE[number, rows_b] @ video_BE[rows_b].T
            total = total + self._contrastive(sim_bb, lang)
            if teachers_KBB is not None and english_B is not None:
                total = total + self._distillation(sim_bb, rows_b, teachers_KBB, english_B)
        return total

    def _contrastive(self, sim_bb: Tensor, lang: str) -> Tensor:
        loss = symmetric_info_nce(sim_bb, temperature=self.recipe.temperature)
        if self.recipe.objective in BASELINES:
            return loss
        return loss * self.recipe.contrastive_weight * (2 if lang == "en" and self.recipe.english_twice else 1)

    def _distillation(self, sim_bb: Tensor, rows_b: Tensor, teachers_KBB: Tensor, english_B: Tensor) -> Tensor:
        taught = english_B[rows_b].nonzero()[:, 0]
        if not len(taught):
            return sim_bb.new_zeros(())
        student = sim_bb[taught][:, taught]
        clips = rows_b[taught]
        teachers = teachers_KBB[:, clips][:, :, clips].to(student.dtype)
        objective, temperature = self.recipe.objective, self.recipe.distillation_temperature
        weight = 1 - self.recipe.contrastive_weight
        if objective == "c2kd":
            reduced = reduce_similarities(teachers, reduce=self.recipe.reduce)
            return weight * distillation_loss(student, reduced, temperature=temperature)
        if objective == "teachtext":
            return weight * teachtext_loss(student, reduce_similarities(teachers, reduce=self.recipe.reduce))
        losses_K = torch.stack([distillation_loss(student, one, temperature=temperature) for one in teachers])
        return self.teacher_weights(losses_K) if self.teacher_weights is not None else weight * losses_K.sum()
