"""Points at captions of which several words have a poor counterpart."""

from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 6.0  # nats, all words together


def misses(batch: Batch, context: Context) -> Findings:
    """What all content words together fall short of their usual support, each by 6 nats at most."""
    if not context.settings.alignment:
        return Findings.of(len(batch), {})
    evidence = context.evidence
    return Findings(
        evidence.all_misses.copy(), lambda row: f"poor counterparts of {', '.join(evidence.missed(row, 1.0))}", SHOWN
    )


CHECKS.add(Check("misses", 2, "signal", misses))
