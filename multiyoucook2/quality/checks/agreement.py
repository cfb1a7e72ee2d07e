"""Points at translations with which a second engine does not agree."""

import numpy as np

from ...text.chrf import chrf
from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 0.7  # one less chrF


def agreement(batch: Batch, context: Context) -> Findings:
    """One less the chrF of the text against the second engine's translation of the same caption."""
    engine = context.settings.agreement
    if engine is None:
        return Findings.of(len(batch), {})
    others = context.translated(engine, batch.lang, batch.source_lang, batch.captions)
    scores = [1 - chrf(text, other) if other else 0.0 for text, other in zip(batch.texts, others, strict=True)]
    return Findings(np.array(scores, np.float32), lambda row: f"{engine} says: {others[row]}", SHOWN)


CHECKS.add(Check("agreement", 1, "signal", agreement))
