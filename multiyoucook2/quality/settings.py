"""Thresholds of the checks: the section ``checks`` of a recipe."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..settings import Strict

MIN_QUALITY = 0.4  # what the recipes that translate ask for, and which rows they repair; docs/quality.md says why
Way = Literal["n-best", "parts", "recased", "decoding", "context"]
_OF_FLAGS = {"loop": "repetition", "copy": "copies", "artefact": "artefacts", "number": "numbers"}
# What no check reads that refuses a row by its text: signals', and quality's.
_OTHERS = frozenset(
    {"alignment", "min_quality", "uncalibrated", "spelling", "glossary", "similarity", "agreement", "round_trip"}
)


class Checks(Strict):
    """Thresholds of the validation; ``None`` switches a check off."""

    script_share: float | None = Field(0.5, ge=0, le=1, description="letters in the language's script, at least")
    language: bool = True
    length_ratio: tuple[float, float] | None = (0.25, 4.0)
    repetition: int | None = Field(4, ge=2, description="the same word or n-gram in a row, this often, is refused")
    numbers: bool = True
    units: bool = True
    copies: bool = True
    min_score: float | None = Field(None, le=0, description="mean log-probability an output token, at least")
    alignment: bool = Field(True, description="learn which words belong together: coverage, added, repeated, quality")
    min_quality: float | None = Field(None, ge=0, le=1, description="probability that the meaning is kept, at least")
    uncalibrated: bool = Field(False, description="min_quality refuses also rows behind whose quality no marks stand")
    spelling: bool = Field(True, description="words that no dictionary has, for languages of which simplemma has one")
    glossary: Path | None = Field(None, description="your terms, a TSV with columns source, translation and maybe lang")
    similarity: bool = Field(False, description="sentence vectors, of the extra [similarity]")
    agreement: str | None = Field(None, description="a second engine, whose translations are compared")
    round_trip: str | None = Field(None, description="an engine that translates back, to compare with the caption")
    artefacts: bool = Field(True, description="broken characters and control tokens are refused")

    def counts(self, flag: str) -> bool:
        """Whether a flag of the engine's counts: one does while the check of its kind is on."""
        return getattr(self, _OF_FLAGS[flag]) not in (None, False) if flag in _OF_FLAGS else True

    def without_engines(self) -> "Checks":
        """Without the checks that compare with another engine's translations."""
        return self.model_copy(update={"agreement": None, "round_trip": None})

    def refusing(self) -> dict[str, object]:
        """What rows are refused by for their text, where it is not as the defaults have it: repair depends on it."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude=set(_OTHERS))


class Repair(Strict):
    """What is tried again, and how: the section ``repair`` of a recipe; ``null`` repairs nothing."""

    below: float = Field(MIN_QUALITY, ge=0, le=1, description="rows of less quality are translated in several ways")
    candidates: int = Field(
        4, ge=2, le=64, description="outputs of n-best (up to the beam's width they are there) and of the second engine"
    )
    ways: tuple[Way, ...] = Field(("n-best", "parts"), description="what is tried, in this order")
    engine: str | None = Field(None, description="a second engine, for rows that no way of the first one mends")
