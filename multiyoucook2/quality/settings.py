"""Thresholds of the checks: the section ``checks`` of a recipe."""

from pydantic import Field

from ..settings import Strict


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
    artefacts: bool = Field(True, description="broken characters and control tokens are refused")


class Repair(Strict):
    """What is tried again, and how: the section ``repair`` of a recipe; ``null`` repairs nothing."""

    below: float = Field(0.25, ge=0, le=1, description="rows of less quality are translated in several ways")
    candidates: int = Field(8, ge=2, le=64, description="so many ways, and once part by part")
