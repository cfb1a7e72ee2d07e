"""What can go wrong with one output: loops, truncation, emptiness, copies, artefacts, unknown pieces, other numbers."""

from ..engines.base import Candidate, Source
from ..text.artefacts import find_artefact
from ..text.copies import is_copy
from ..text.numbers import numbers_changed
from ..text.repetition import loops

# A row that no retry mends keeps its least bad attempt, in this order of badness.
SEVERITY = {"empty": 6, "loop": 5, "truncated": 4, "copy": 3, "artefact": 2, "number": 1, "unknown": 0}
FAILED = "failed"  # the engine fails at the text, or its worker dies of it
UNTRANSLATABLE = "untranslatable"  # there was nothing to translate: the caption is kept as it is


def find_flags(text: str, output: str, source: Source, candidate: Candidate, lang: str) -> tuple[str, ...]:
    """The names of what is wrong with an output, worst first; empty for a sound one.

    ``output`` is the candidate's text as it would be kept, ``source`` what the engine read for ``text``.
    """
    found = {
        "empty": not any(letter.isalnum() for letter in output),
        "loop": loops(candidate.pieces, source.pieces),
        "truncated": not candidate.finished,
        "copy": is_copy(text, output, lang),
        "artefact": "artefact" in candidate.flags or find_artefact(text, output) is not None,
        "number": numbers_changed(text, output, lang) is not None,
        "unknown": "unknown" in candidate.flags,
        FAILED: FAILED in candidate.flags,
        "source_cut": source.cut,
    }
    return tuple(name for name in (*SEVERITY, "source_cut", FAILED) if found[name])


def output_flags(source: Source, candidate: Candidate) -> tuple[str, ...]:
    """What is wrong with an output as it stands: those of the names that need no look at the texts."""
    found = {
        "loop": loops(candidate.pieces, source.pieces),
        "truncated": not candidate.finished,
        "source_cut": source.cut,
    }
    return (*(name for name, there in found.items() if there), *candidate.flags)
