"""Points at translations with a piece that no word of the caption stands behind."""

from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 4.0  # nats below what is usual for the piece


def added(batch: Batch, context: Context) -> Findings:
    """A piece of a content word lacks the source that it has in other rows; in nats."""
    if not context.settings.alignment:
        return Findings.of(len(batch), {})
    evidence = context.evidence

    def reason(row: int) -> str:
        return f"nothing in the caption for {', '.join(evidence.extra_units(row, SHOWN)[:3])}"

    return Findings(evidence.extra.copy(), reason, SHOWN)


CHECKS.add(Check("added", 2, "signal", added))
