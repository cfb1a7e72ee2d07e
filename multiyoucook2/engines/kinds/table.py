"""``table:FILE``: translations that exist already, by people or by another program, as an engine.

FILE is CSV, TSV, JSONL or Parquet with the columns ``source`` (or ``text``), ``translation`` and, for several languages
in one file, ``lang``; without it the file serves one language. Rows are of origin ``human`` unless a column ``origin``
says otherwise for all of them. They are held as Arrow columns, of which a million take some 0.1 GB.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...corpus.keys import rows_of
from ...errors import ModelError, RecipeError, SourceError, shown
from ...files import file_sha256
from ...languages import language
from ...sources.formats import delimited, lines, parquet
from ...sources.formats.base import Rows, overlooked
from ...text.prepare import normalise
from ..base import Candidate, Engine, Search, Source
from ..decoding import Decoding
from ..fingerprint import fingerprint
from ..hardware import Hardware
from ..kind import KINDS, Request, ResolvedEngine

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = {  # ours -> theirs, the likeliest first
    "source": ("source", "text", "caption_en"),
    "translation": ("translation", "target", "caption"),
    "lang": ("lang",),
    "origin": ("origin",),
}
VERSION = 4  # raise with any change to what is made of a table
_NEEDED = ("source", "translation")
_KINDS = "CSV, TSV, JSONL or Parquet"
_PART = 50_000  # rows that are Python's objects at a time


@dataclass(frozen=True)
class Answers:
    """Translations by their sources: two columns in the order of the sources, of equal ones the first counts."""

    sources: "pa.LargeStringArray"
    translations: "pa.LargeStringArray"

    def __len__(self) -> int:
        return len(self.sources)

    def get(self, text: str) -> str:
        """The translation of a text, empty where there is none."""
        key = _key(text)
        place = bisect_left(self.sources, key, key=_text)
        return _text(self.translations[place]) if place < len(self) and _text(self.sources[place]) == key else ""


@dataclass(frozen=True)
class Lookup:
    """An engine that looks its answers up. What the table lacks comes out empty, and is flagged so."""

    answers: Answers
    workers: int = 1

    def read(self, texts: Sequence[str]) -> list[Source]:
        """A text is one word to this engine."""
        return [Source((text,)) for text in texts]

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """The table's translation of each text."""
        texts = [self.answers.get(source.tokens[0]) for source in batch]
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

    @property
    def names_languages(self) -> bool:
        """Whether its rows say which language they are in."""
        return "lang" in _table(self.path, self.revision)[0].column_names

    @cached_property
    def answers(self) -> Answers:
        """The translations by their sources, white space evened out."""

        table, _ = _table(self.path, self.revision)
        if self.names_languages:
            table = rows_of(table, "lang", self.lang)
        columns = (table[name] for name in _NEEDED)
        return Answers(*(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in columns))

    def fingerprint(self, decoding: Decoding) -> str:
        """A hash of what the translations depend on."""
        return fingerprint([self.family, VERSION, self.revision, self.lang], decoding)

    def prepare(self, device: str | Hardware = "auto") -> "ResolvedTable":
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


def refuse_shared(engines: Iterable[ResolvedEngine]) -> None:
    """A table that does not say the language of its rows serves one: each would get the translations into another.

    Raises:
        ModelError: one is given for several languages.
    """
    served: dict[Path, str] = {}
    for engine in engines:
        if isinstance(engine, ResolvedTable) and not engine.names_languages:
            first = served.setdefault(engine.path, engine.lang)
            if first != engine.lang:
                raise ModelError(
                    f"{engine.path} has no column lang, and is to serve {first} and {engine.lang}",
                    hint=f"add that column, or build into its one language: --langs {first}",
                )


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
            raise ModelError(f"{path} is no file", hint=f"table:FILE, where FILE is {_KINDS}")
        revision = file_sha256(path)
        _, origins = _table(path, revision)
        if not origins <= {"human", "machine"} or len(origins) > 1:
            raise ModelError(f"{path}: origins {', '.join(sorted(origins))}", hint="one for the file: human or machine")
        origin = next(iter(origins), "human")
        return ResolvedTable(path, request.lang, request.source_lang, revision, origin)


@lru_cache(maxsize=4)
def _table(path: Path, revision: str) -> "tuple[pa.Table, frozenset[str]]":
    """The rows with a translation by their sources, and the origins that are named; read once for all languages."""
    import pyarrow as pa
    import pyarrow.compute as pc

    origins: set[str] = set()
    try:
        rows = _opened(path)
        chosen = _chosen(rows.columns, path)
        schema = pa.schema([(name, pa.large_string()) for name in chosen if name != "origin"])
        found, parts = _records(rows, chosen, path), [schema.empty_table()]
        while part := list(islice(found, _PART)):
            origins |= {origin for row in part if (origin := row.pop("origin", ""))}
            parts.append(pa.Table.from_pylist(part, schema))
        table = pa.concat_tables(parts).combine_chunks()
        return table.take(pc.sort_indices(table["source"])), frozenset(origins)  # stable; by code points, as Python
    except (SourceError, pa.ArrowException, ValueError) as error:
        hint = getattr(error, "hint", "") or _KINDS
        raise ModelError(f"{path} cannot be read as a table: {shown(error)}", hint=hint) from None


def _opened(path: Path) -> Rows:
    suffix = path.suffix.lower()
    if suffix in parquet.SUFFIXES:
        return parquet.read_parquet(path, {name: name for names in _COLUMNS.values() for name in names})
    return lines.read_lines(path) if suffix in lines.SUFFIXES else delimited.read_delimited(path)


def _chosen(names: Sequence[str], path: Path) -> dict[str, str]:
    """Our column -> theirs, of those that the file has."""
    found = {ours: next((name for name in theirs if name in names), None) for ours, theirs in _COLUMNS.items()}
    chosen = {ours: name for ours, name in found.items() if name is not None}
    if not all(name in chosen for name in _NEEDED):
        listed = ", ".join(map(shown, names)) or "none"
        raise ModelError(f"{path} lacks a column source or translation", hint=f"its columns are: {listed}")
    return chosen


def _records(rows: Rows, chosen: Mapping[str, str], path: Path) -> Iterator[dict[str, str]]:
    """The rows that have a translation, in our columns: texts as they are looked up, languages by their codes."""
    codes = cache(lambda said: language(said).code)
    late = {name: ours for ours, names in _COLUMNS.items() for name in names if name not in rows.columns}
    for where, row in rows.rows:
        place = f"{rows.unit} {where}"
        wrong = overlooked(row, late, chosen) if isinstance(row, dict) else str(row)
        if wrong:
            raise ModelError(f"{path} cannot be read as a table: {place}: {wrong}", hint=_KINDS)
        record = {ours: row.get(name) for ours, name in chosen.items()}
        source, translation = record["source"], record["translation"]
        if not isinstance(source, str) or not isinstance(translation, str) or not translation.strip():
            continue
        found = {"source": _key(source), "translation": translation.strip()}
        if record.get("origin"):
            found["origin"] = str(record["origin"])
        if "lang" in record:
            try:
                found["lang"] = codes(str(record["lang"]))
            except RecipeError as error:
                raise ModelError(f"{path}, {place}: {error}", hint=error.hint) from None
        yield found


def _key(text: str) -> str:
    return " ".join(normalise(text).split())  # an engine is asked for the normalised caption


def _text(scalar: Any) -> str:
    return str(scalar.as_py())


KINDS.add(Table())
