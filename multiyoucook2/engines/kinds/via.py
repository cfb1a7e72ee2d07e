"""``via:LANG:FIRST+SECOND``: two engines in a row, through a language that both know, mostly English.

FIRST translates into LANG, SECOND from there; ``via:en:ENGINE`` takes one engine for both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...errors import ModelError
from ...languages import language
from ..base import Candidate, Engine, Search, Source
from ..decoding import Decoding
from ..fingerprint import fingerprint
from ..hardware import Hardware
from ..kind import KINDS, PreparedEngine, Request, ResolvedEngine


@dataclass(frozen=True)
class InARow:
    """An engine whose answers are the second's to the first's best ones."""

    first: Engine
    second: Engine

    @property
    def workers(self) -> int:
        """As many as the first has."""
        return self.first.workers

    def read(self, texts: Sequence[str]) -> list[Source]:
        """As the first reads them."""
        return self.first.read(texts)

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """Each source's candidates by the second. Flags of the first are kept, scores are added."""
        between = [found[0] for found in self.first.translate(batch, replace(search, candidates=1))]
        read = self.second.read([candidate.text for candidate in between])
        found = self.second.translate(read, search)
        return [
            tuple(_joined(middle, source, last) for last in candidates)
            for middle, source, candidates in zip(between, read, found, strict=True)
        ]


def _joined(first: Candidate, read: Source, last: Candidate) -> Candidate:
    scores = [score for score in (first.score, last.score) if score is not None]
    return replace(
        last,
        score=sum(scores) if scores else None,
        finished=first.finished and last.finished and not read.cut,
        flags=tuple(dict.fromkeys((*first.flags, *last.flags))),
    )


@dataclass(frozen=True)
class PreparedVia:
    """Both engines, ready."""

    first: PreparedEngine
    second: PreparedEngine

    @property
    def license(self) -> str:
        """Both licences, where they differ."""
        return " and ".join(dict.fromkeys((self.first.license, self.second.license)))

    def depends_on(self, decoding: Decoding) -> Mapping[str, object]:
        """What either depends on."""
        return {"first": dict(self.first.depends_on(decoding)), "second": dict(self.second.depends_on(decoding))}

    def open(self, decoding: Decoding, threads: int | None = None) -> Engine:
        """Both at work."""
        return InARow(self.first.open(decoding, threads), self.second.open(decoding, threads))


@dataclass(frozen=True)
class ResolvedVia:
    """Two resolved engines, the second from where the first ends."""

    first: ResolvedEngine
    second: ResolvedEngine
    family: str = "via"
    token: None = None
    origin: str = "machine"

    @property
    def name(self) -> str:
        return f"{self.first.name} via {self.first.lang} {self.second.name}"

    @property
    def lang(self) -> str:
        return self.second.lang

    @property
    def source_lang(self) -> str:
        return self.first.source_lang

    @property
    def revision(self) -> str:
        return f"{self.first.revision}+{self.second.revision}"

    @property
    def license(self) -> str:
        return " and ".join(dict.fromkeys((self.first.license, self.second.license)))

    def fingerprint(self, decoding: Decoding) -> str:
        """A hash of both engines'."""
        return fingerprint([self.first.fingerprint(decoding), self.second.fingerprint(decoding)], decoding)

    def prepare(self, device: str | Hardware = "auto") -> PreparedVia:
        """Both, prepared."""
        return PreparedVia(self.first.prepare(device), self.second.prepare(device))


class Via:
    """Engines in a row."""

    name = "via"

    def resolve(self, request: Request) -> ResolvedEngine:
        """The two engines of ``LANG:FIRST[+SECOND]``.

        Raises:
            ModelError: it is not written so, or an engine does not serve its pair of languages.
        """
        between, colon, engines = request.engine.partition(":")
        first, plus, second = engines.partition("+")
        if not colon or not first or (plus and not second):
            raise ModelError(f"via:{request.engine} names no engines", hint="e.g. via:en:m2m100-418M+opus-mt")
        middle = language(between).code
        if middle in (request.lang, request.source_lang):
            raise ModelError(
                f"there is nothing between {request.source_lang!r} and {request.lang!r} by way of {middle!r}",
                hint=f"give the engine itself: {second or first}",
            )
        models = KINDS.find("model")
        return ResolvedVia(
            models.resolve(replace(request, engine=first, lang=middle)),
            models.resolve(replace(request, engine=second or first, source_lang=middle)),
        )


KINDS.add(Via())
