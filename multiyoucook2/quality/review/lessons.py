"""What reviews teach the checks: sound pairs for the alignment, and marks for the calibration."""

import hashlib
from collections.abc import Mapping

from ..evidence import Pair
from ..marks import Mark
from .overlay import Key, Reviews

_NOTHING = hashlib.sha256().hexdigest()[:16]  # the name of no reviews at all


def sound_by_review(reviews: Reviews, texts: Mapping[Key, str], english: Mapping[tuple[str, int], str]) -> list[Pair]:
    """(caption, translation) that a person has accepted or written.

    Args:
        texts: the machine's translations of today, by clip, caption index and language.
        english: the captions, by clip and caption index.
    """
    return [
        (english[key[:2]], outcome.text if outcome.action == "edit" else texts[key])
        for key, outcome in sorted(reviews.outcomes(texts).items())
        if outcome.action in ("accept", "edit") and key[:2] in english
    ]


def marks_by_review(reviews: Reviews, texts: Mapping[Key, str]) -> list[Mark]:
    """Which of the machine's translations keep the meaning: those accepted do, those rejected or mended do not.

    An edit of an earlier translation says nothing of today's.
    """
    return [
        Mark(clip_id, index, lang, None, outcome.action == "accept")
        for (clip_id, index, lang), outcome in sorted(reviews.outcomes(texts).items())
        if not outcome.stale
    ]


def said_of(reviews: Reviews, lang: str) -> str:
    """A name of all that holds of a language's reviews; empty where there are none."""
    said = reviews.content_hash(lang)
    return "" if said == _NOTHING else said
