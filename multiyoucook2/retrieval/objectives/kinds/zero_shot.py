"""The baseline that sees one language: NCE(S_en)."""

from ..base import OBJECTIVES, Objective

OBJECTIVES.add(
    Objective("zero-shot", "contrastive, English alone; other languages are met in evaluation", source_only=True)
)
