"""Points at translations that say a content word more often than the caption."""

from ..check import CHECKS, Batch, Check, Context, Findings


def repeated(batch: Batch, context: Context) -> Findings:
    """A content word's beginning stands there more often than the caption's words that it belongs to; how often more.

    Beginnings are what inflected forms share: ``Zwiebel`` and ``Zwiebeln`` are one. In scripts without spaces it is
    pairs of characters.
    """
    if not context.settings.alignment:
        return Findings.of(len(batch), {})
    evidence = context.evidence
    return Findings(
        evidence.surplus.copy(), lambda row: f"said too often: {', '.join(evidence.surplus_units(row)[:3])}"
    )


CHECKS.add(Check("repeated", 2, "signal", repeated))
