"""Points at translations that, translated back, no longer say what the caption says."""

import numpy as np

from ...text.chrf import chrf
from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 0.6  # one less chrF


def round_trip(batch: Batch, context: Context) -> Findings:
    """One less the chrF of the text, translated back, against the caption."""
    engine = context.settings.round_trip
    if engine is None:
        return Findings.of(len(batch), {})
    back = context.translated(engine, batch.source_lang, batch.lang, batch.texts)
    scores = [1 - chrf(text, caption) if text else 0.0 for text, caption in zip(back, batch.captions, strict=True)]
    return Findings(np.array(scores, np.float32), lambda row: f"back it is: {back[row]}", SHOWN)


CHECKS.add(Check("round_trip", 1, "signal", round_trip))
