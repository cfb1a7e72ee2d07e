"""The recipe of a data set: the pydantic model of ``pipelines/datasets/*.yaml``."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from ..engines.decoding import Decoding
from ..languages import language, parse_languages
from ..quality.settings import Checks, Repair
from ..settings import NAME, Strict
from ..sources.base import SOURCES


class Publication(Strict):
    """What the card says of the data set. Licence and citation are the source's where they are not given here."""

    pretty_name: str
    license: str | None = Field(None, description="of the captions")
    citation: str | None = Field(None, description="of the captions, BibTeX")
    tags: tuple[str, ...] = Field((), description="the data set's own, for the Hub")
    card: str = Field("multi-youcook2", description="template in data_cards/")


class DatasetRecipe(Strict):
    """One data set: where it comes from, into which languages, by which engine, checked how."""

    name: str = Field(pattern=NAME, description="folder name of its build, unless another is given")
    source: str = Field(description="a data set source, see the folder sources/")
    source_options: dict[str, object] = Field(default_factory=dict, description="what that source can be told")
    annotations: tuple[Path, ...] = Field((), description="the user's own files instead of the source's")
    languages: tuple[str, ...]
    engine: str = Field(description="registry name of a translation model, a local folder, or none: translate nothing")
    engines: dict[str, str] = Field(default_factory=dict, description="engine of single languages, where it differs")
    decoding: Decoding = Decoding()  # pyright: ignore
    checks: Checks = Checks()  # pyright: ignore
    repair: Repair | None = None
    publication: Publication

    @field_validator("annotations", mode="before")
    @classmethod
    def _one_file_or_several(cls, value: object) -> object:
        return () if value is None else (value,) if isinstance(value, str | Path) else value

    @field_validator("languages", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> tuple[str, ...]:
        if isinstance(value, list | tuple) and all(isinstance(code, str) for code in value):
            value = ",".join(value)
        if not isinstance(value, str):
            raise ValueError("Input should be 'all', a text such as 'de,ja', or a list of language codes")
        return (value,)

    @field_validator("engines")
    @classmethod
    def _engines_of_known_languages(cls, value: dict[str, str]) -> dict[str, str]:
        return {language(code).code: engine for code, engine in value.items()}

    @model_validator(mode="after")
    def _languages_of_the_source(self) -> Self:
        """``all`` is the data set's to say; its source language is always among them, and first."""
        source = SOURCES.find(self.source)
        chosen = parse_languages(",".join(self.languages), source.languages)
        # the model is frozen for everybody else
        object.__setattr__(self, "languages", tuple(dict.fromkeys((self.source_language, *chosen))))
        return self

    @property
    def source_language(self) -> str:
        """The language that captions are translated from, by its code, however the recipe spells it."""
        source = SOURCES.find(self.source)
        said = self.source_options.get("language") if "language" in source.options.model_fields else None
        return language(said).code if isinstance(said, str) else source.source_language

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that are translated into."""
        return tuple(lang for lang in self.languages if lang != self.source_language)

    def engine_for(self, lang: str) -> str:
        """The engine of one language."""
        return self.engines.get(lang, self.engine)
