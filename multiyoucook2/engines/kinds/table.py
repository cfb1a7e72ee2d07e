"""``table:FILE``: translations that exist already, by people or by another program, as an engine.

FILE is CSV, TSV, JSONL or Parquet with the columns ``source`` (or ``text``), ``translation`` and, for several languages
in one file, ``lang``. Rows are of origin ``human`` unless a column ``origin`` says otherwise for all of them.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ...errors import ModelError, RecipeError
from ...files import file_sha256, read_parquet, read_text
from ...languages import language
from ...text.prepare import normalise
from ..base import Candidate, Engine, Search, Source
from ..decoding import Decoding
from ..fingerprint import fingerprint
from ..kind import KINDS, Request, ResolvedEngine

_SOURCES = ("source", "text", "caption_en")
_TRANSLATIONS = ("translation", "target", "caption")
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Lookup:
    """An engine that looks its answers up. What the table lacks comes out empty, and is flagged so."""

    answers: Mapping[str, str]
    workers: int = 1

    def read(self, texts: Sequence[str]) -> list[Source]:
        """A text is one word to this engine."""
        return [Source((text,)) for text in texts]

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """The table's translation of each text."""
        texts = [self.answers.get(_key(source.tokens[0]), "") for source in batch]
        return [(Candidate(text, None, True, tuple(text.split())),) for text in texts]


@dataclass(frozen=True)
class ResolvedTable:
    """A file of translations into one language; ``revision`` is its hash."""

    path: Path
    lang: str
    source_lang: str
    revision: str
    origin: str = "human"
    family: str = "table"
    license: str = "unknown"
    token: None = None

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def answers(self) -> dict[str, str]:
        """The translations by their sources, white space evened out."""
        return _answers(_rows(self.path, self.revision), self.lang, self.path)

    def fingerprint(self, decoding: Decoding) -> str:
        """A hash of what the translations depend on."""
        return fingerprint([self.family, self.revision, self.lang], decoding)

    def prepare(self, device: str = "auto") -> "ResolvedTable":
        """Reads the table; a table needs no device."""
        if not self.answers:
            raise ModelError(f"{self.path} has no translation into {self.lang!r}", hint="see its column lang")
        return self

    def depends_on(self, decoding: Decoding) -> Mapping[str, object]:
        """Nothing but the table itself."""
        return {}

    def open(self, decoding: Decoding, threads: int | None = None) -> Engine:
        """The engine at work."""
        return Lookup(self.answers)


class Table:
    """Tables of translations."""

    name = "table"

    def resolve(self, request: Request) -> ResolvedEngine:
        """The table in a file.

        Raises:
            ModelError: there is no such file, or it is no table of translations.
        """
        path = Path(request.engine).expanduser()
        if not path.is_file():
            raise ModelError(f"{path} is no file", hint="table:FILE, where FILE is CSV, TSV, JSONL or Parquet")
        revision = file_sha256(path)
        origins = {str(row["origin"]) for row in _rows(path, revision) if row.get("origin")}
        if not origins <= {"human", "machine"} or len(origins) > 1:
            raise ModelError(f"{path}: origins {', '.join(sorted(origins))}", hint="one for the file: human or machine")
        origin = next(iter(origins), "human")
        return ResolvedTable(path, request.lang, request.source_lang, revision, origin)


@lru_cache(maxsize=8)
def _rows(path: Path, revision: str) -> Rows:
    """A table's rows; read once a process for all languages of the same file."""
    try:
        if path.suffix.lower() == ".parquet":
            rows: Rows = read_parquet(path, error=ModelError).to_pylist()
        else:
            text = read_text(path, error=ModelError)
            if path.suffix.lower() in (".jsonl", ".ndjson"):
                rows = [json.loads(line) for line in text.splitlines() if line.strip()]
            else:
                tab = path.suffix.lower() == ".tsv"
                rows = list(csv.DictReader(text.splitlines(keepends=True), delimiter="\t" if tab else ","))
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise ModelError(f"{path} cannot be read as a table: {error}", hint="CSV, TSV, JSONL or Parquet") from None
    if rows and not all(isinstance(row, dict) for row in rows):
        raise ModelError(f"{path} has lines that are no JSON objects", hint="a line a translation")
    return rows


def _answers(rows: Rows, lang: str, path: Path) -> dict[str, str]:
    names = list(rows[0]) if rows else []
    source, target = (next((name for name in wanted if name in names), None) for wanted in (_SOURCES, _TRANSLATIONS))
    if source is None or target is None:
        shown = ", ".join(map(str, names)) or "none"
        raise ModelError(f"{path} lacks a column source or translation", hint=f"its columns are: {shown}")
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if "lang" in names and not _is(row.get("lang"), lang, path, number):
            continue
        text, answer = row.get(source), row.get(target)
        if isinstance(text, str) and isinstance(answer, str) and answer.strip():
            found.setdefault(_key(text), answer.strip())  # of several translations the first
    return found


def _is(value: object, lang: str, path: Path, number: int) -> bool:
    try:
        return language(str(value)).code == lang
    except RecipeError as error:
        raise ModelError(f"{path}, row {number}: {error}", hint=error.hint) from None


def _key(text: str) -> str:
    return " ".join(normalise(text).split())  # an engine is asked for the normalised caption


KINDS.add(Table())
