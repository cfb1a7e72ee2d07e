"""Points at captions with a word for which no translation agrees with the others."""

from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 8.0  # nats: the word's best link is about as likely as chance


def unsteady(batch: Batch, context: Context) -> Findings:
    """How little support the worst content word has at all, in nats: rare words, and those the engine guesses at."""
    if not context.settings.alignment:
        return Findings.of(len(batch), {})
    return Findings(
        context.evidence.unsupported.copy(), lambda row: "a word that other rows translate otherwise, or not", SHOWN
    )


CHECKS.add(Check("unsteady", 2, "signal", unsteady))
