"""The stage that writes the page of a validation, ``report/index.html`` in the build folder."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from ..corpus.keys import rows_of
from ..errors import shown
from ..files import Record, file_bytes, json_bytes, read_json
from ..files.reading import parse_json
from ..quality.page.render import render
from ..quality.page.summary import summarise
from .checking import figures_of, quality_of, verdicts_of
from .reading import CAPTIONS, CLIPS
from .stage import Key, Product, Results, Tools
from .translating import translations_of

PAGE = "index.html"
VERSION = 6  # raise with any change to the page
REFERENCES_FILE = "references.json"  # in a build folder: language -> scores, with the hash of the translations scored


@dataclass(frozen=True)
class Report:
    """Summarise each language's verdicts in one page."""

    title: str
    langs: tuple[str, ...]
    source_lang: str
    build: Path  # where scores against references are kept
    name: str = "report"
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow", "jinja2")
    folder: str | None = "report"

    @property
    def reads(self) -> tuple[Key[Any], ...]:
        """Clips and captions, and each language's translations, verdicts, qualities and figures."""
        of_lang: Iterable[Key[Any]] = (
            key(lang) for lang in self.langs for key in (translations_of, verdicts_of, quality_of, figures_of)
        )
        return (CLIPS, CAPTIONS, *of_lang)

    def settings(self) -> Any:
        """Title, order of the languages, scores against references, and the page's version."""
        references = hashlib.sha256(file_bytes(self.build / REFERENCES_FILE) or b"").hexdigest()
        return {"title": self.title, "languages": list(self.langs), "references": references, "version": VERSION}

    def prepare(self, tools: Tools) -> None:
        """Nothing can fail beforehand."""

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""

        clips, captions = results[CLIPS], results[CAPTIONS]
        source = rows_of(captions, "lang", self.source_lang)
        found = [
            summarise(
                lang, clips, source, results[translations_of(lang)], results[verdicts_of(lang)],
                results[quality_of(lang)], calibrated=results[figures_of(lang)]["calibrated"],
            )
            for lang in self.langs
        ]  # fmt: skip
        notes = {"clips": f"{clips.num_rows:,}", "captions": f"{source.num_rows:,}"}
        scores = kept_scores(self.build, {lang: results.hash_of(translations_of(lang)) for lang in self.langs})
        return Product({PAGE: render(self.title, found, notes, scores).encode()}, {"languages": len(found)})


class _Kept(Record):
    """A language's scores, ``quality.reference_scores.ReferenceScores``, with what they are of."""

    model_config = ConfigDict(extra="allow")

    file: str
    translations: str  # their hash


def kept_scores(build: Path, hashes: Mapping[str, str]) -> dict[str, Any]:
    """What ``BUILD/references.json`` says of translations that are still the same, by language.

    Args:
        hashes: SHA-256 of each language's translations.

    Raises:
        WorkspaceError: there is such a file, and it is not what was written.
    """
    from ..quality.reference_scores import ReferenceScores

    path, hint = build / REFERENCES_FILE, "remove it, and run: mycook validate BUILD --references FILE"
    try:
        found = read_json(path, dict[str, _Kept], hint=hint)
    except FileNotFoundError:
        return {}
    kept = {lang: row.model_dump() for lang, row in found.items() if hashes.get(lang) == row.translations}
    for lang, row in kept.items():
        parse_json(json_bytes(row), ReferenceScores, f"{lang} of {shown(path)}", hint=hint)
    return kept
