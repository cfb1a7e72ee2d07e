"""An objective's loss of a whole batch: the sum over the languages of its contrastive and its distillation part."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from .base import LossSettings, Objective
from .losses import symmetric_info_nce
from .similarity import unit


@dataclass(frozen=True)
class BatchEmbeddings:
    """Embeddings of a whole batch, over all processes: L languages, B clips.

    ``text_LBE`` holds anything where ``present_LB`` is False; ``index_B`` are the clips' positions in the training set,
    ``caption_B`` the caption index that was drawn for each.
    """

    text_LBE: Tensor
    present_LB: Tensor
    video_BE: Tensor
    index_B: Tensor
    caption_B: Tensor


class ObjectiveLoss(nn.Module):
    """``forward(embeddings, teachers_KBB, taught_B)`` -> a scalar, the sum over the languages.

    Args:
        objective: which; ``settings``: its numbers.
        languages: the order of ``text_LBE``; ``source``: the one that ``english_twice`` counts twice.
        teachers: how many there are.

    A clip without a text in a language has no part in that language's sum; one without an English text has no teacher,
    so it is left out of the distillation, not of NCE. Only the objective ``learned`` has parameters.
    """

    def __init__(
        self,
        objective: Objective,
        settings: LossSettings,
        languages: Sequence[str],
        *,
        teachers: int = 0,
        source: str = "en",
    ) -> None:
        super().__init__()
        self.objective, self.settings, self.languages, self.source = objective, settings, tuple(languages), source
        self.teacher_weights = objective.learned(teachers) if objective.learned else None

    def forward(
        self, embeddings: BatchEmbeddings, teachers_KBB: Tensor | None = None, taught_B: Tensor | None = None
    ) -> Tensor:
        """``teachers_KBB``: the teachers' English cosines among the clips; ``taught_B``: True where known."""
        if self.objective.needs_teachers and (teachers_KBB is None or taught_B is None):
            raise ValueError(f"the objective {self.objective.name} needs the teachers' similarities")
        text_LBE, video_BE = unit(embeddings.text_LBE), unit(embeddings.video_BE)
        total = video_BE.new_zeros(())
        for number, lang in enumerate(self.languages):
            if self.objective.source_only and lang != self.source:
                continue
            rows_b = embeddings.present_LB[number].nonzero()[:, 0]
            if not len(rows_b):
                continue
            sim_bb = text_LBE[number, rows_b] @ video_BE[rows_b].T
            total = total + self._contrastive(sim_bb, lang)
            if teachers_KBB is not None and taught_B is not None:
                total = total + self._distillation(sim_bb, rows_b, teachers_KBB, taught_B)
        return total

    def _contrastive(self, sim_bb: Tensor, lang: str) -> Tensor:
        loss = symmetric_info_nce(sim_bb, temperature=self.settings.temperature)
        if not self.objective.needs_teachers:
            return loss
        return (
            loss * self.settings.contrastive_weight * (2 if lang == self.source and self.settings.english_twice else 1)
        )

    def _distillation(self, sim_bb: Tensor, rows_b: Tensor, teachers_KBB: Tensor, taught_B: Tensor) -> Tensor:
        taught = taught_B[rows_b].nonzero()[:, 0]
        if not len(taught) or self.objective.distillation is None:
            return sim_bb.new_zeros(())
        clips = rows_b[taught]
        student = sim_bb[taught][:, taught]
        teachers = teachers_KBB[:, clips][:, :, clips].to(student.dtype)
        return self.objective.distillation(student, teachers, self.settings, self.teacher_weights)
