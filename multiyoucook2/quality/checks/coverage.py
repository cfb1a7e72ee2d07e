"""Points at captions with a word that has no counterpart in the translation."""

from ..check import CHECKS, Batch, Check, Context, Findings

SHOWN = 3.0  # nats below what is usual for the word
_REASON = "no counterpart of "


def coverage(batch: Batch, context: Context) -> Findings:
    """How many content words' support falls short, by 3 nats or more, of what these words have in other rows."""
    if not context.settings.alignment:
        return Findings.of(len(batch), {})
    evidence = context.evidence

    def reason(row: int) -> str:
        return f"{_REASON}{', '.join(evidence.missed(row, SHOWN))}"

    return Findings(evidence.lost(SHOWN), reason)


def uncovered_words(reason: str) -> list[str]:
    """The words that a reason of this check names, in lower case."""
    return reason.removeprefix(_REASON).casefold().split(", ") if reason.startswith(_REASON) else []


CHECKS.add(Check("coverage", 3, "signal", coverage))
