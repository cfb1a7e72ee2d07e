"""How translations are searched: the section ``decoding`` of a recipe."""

from pydantic import Field

from ..settings import Strict


class Decoding(Strict):
    """How translations are searched; each value changes the output, so all of them enter the decoding hash."""

    beam_size: int = Field(4, ge=1, le=64)
    length_penalty: float = 1.0
    max_length_factor: float = Field(2.5, gt=0, description="output pieces at most factor x source pieces + extra")
    max_length_extra: int = Field(16, ge=0)
    batch_tokens: int = Field(2048, ge=64, description="source pieces in a batch, padding included")
    vocabulary_map: bool = Field(True, description="use the model's shortlist where it ships one")
    retry: bool = Field(True, description="retry looping, truncated, empty and copied outputs and lost numbers")
