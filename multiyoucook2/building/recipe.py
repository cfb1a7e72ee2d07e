"""The recipe of a data set: the pydantic model of ``pipelines/datasets/*.yaml``."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from ..engines.decoding import Decoding
from ..languages import language, parse_languages
from ..quality.settings import Checks
from ..settings import Strict


class Publication(Strict):
    """What the card says of the data set."""

    pretty_name: str
    license: str
    card: str = Field("multi-youcook2", description="template in data_cards/")


class DatasetRecipe(Strict):
    """One data set: where it comes from, into which languages, by which engine, checked how."""

    name: str
    source: Literal["mini", "youcook2"]
    annotations: Path | None = None
    languages: tuple[str, ...]
    engine: str = Field(description="registry name of a translation model, or a local folder")
    engines: dict[str, str] = Field(default_factory=dict, description="engine of single languages, where it differs")
    decoding: Decoding = Decoding()  # pyright: ignore
    checks: Checks = Checks()  # pyright: ignore
    publication: Publication

    @field_validator("languages", mode="before")
    @classmethod
    def _known_languages(cls, value: Any) -> tuple[str, ...]:
        if isinstance(value, list | tuple) and all(isinstance(code, str) for code in value):
            value = ",".join(value)
        if not isinstance(value, str):
            raise ValueError("Input should be 'all', a text such as 'de,ja', or a list of language codes")
        return parse_languages(value)

    @field_validator("engines")
    @classmethod
    def _engines_of_known_languages(cls, value: dict[str, str]) -> dict[str, str]:
        return {language(code).code: engine for code, engine in value.items()}

    def engine_for(self, lang: str) -> str:
        """The engine of one language."""
        return self.engines.get(lang, self.engine)
