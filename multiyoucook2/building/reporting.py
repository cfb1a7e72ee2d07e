"""The stage that writes the page of a validation, ``report/index.html`` in the build folder."""

from dataclasses import dataclass
from typing import Any

from ..quality.page.render import render
from ..quality.page.summary import summarise
from .checking import verdicts_of
from .reading import CAPTIONS, CLIPS
from .stage import Key, Product, Results, Tools
from .translating import translations_of

PAGE = "index.html"
VERSION = 1  # raise with any change to the page


@dataclass(frozen=True)
class Report:
    """Summarise each language's verdicts in one page."""

    title: str
    langs: tuple[str, ...]
    source_lang: str
    name: str = "report"
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow", "jinja2")
    folder: str | None = "report"

    @property
    def reads(self) -> tuple[Key[Any], ...]:
        """Clips and captions, and each language's translations and verdicts."""
        of_lang = (key(lang) for lang in self.langs for key in (translations_of, verdicts_of))
        return (CLIPS, CAPTIONS, *of_lang)

    def settings(self) -> Any:
        """Title, order of the languages, and the page's version."""
        return {"title": self.title, "languages": list(self.langs), "version": VERSION}

    def prepare(self, tools: Tools) -> None:
        """Nothing can fail beforehand."""

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        import pyarrow.compute as pc

        clips, captions = results[CLIPS], results[CAPTIONS]
        source = captions.filter(pc.equal(captions["lang"], self.source_lang))
        found = [
            summarise(lang, clips, source, results[translations_of(lang)], results[verdicts_of(lang)])
            for lang in self.langs
        ]
        notes = {"clips": f"{clips.num_rows:,}", "captions": f"{source.num_rows:,}"}
        return Product({PAGE: render(self.title, found, notes).encode()}, {"languages": len(found)})
