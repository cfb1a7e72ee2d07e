"""The ``Engine`` protocol: texts in, candidates out, whatever is behind it, and the few words that both sides share.

The ladder (``translation/ladder.py``) talks to an engine only in these terms. How a model is told the language, where
its special tokens stand and what spells a text is the engine's own affair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import ModelError


class OutOfMemory(Exception):
    """A batch did not fit; the ladder halves it."""


class EngineFailed(ModelError):
    """An engine that has been loaded fails at a batch; the texts at which it does are looked for."""


@dataclass(frozen=True)
class Search:
    """How one batch is searched.

    The output of a batch may have ``output_factor`` x the pieces of its longest source + ``output_extra`` pieces.
    ``candidates`` is how many outputs are wanted of each source; the beam is as wide at least.
    """

    beam_size: int
    length_penalty: float
    output_factor: float
    output_extra: int
    no_repeat_ngram: int = 0
    disable_unk: bool = False
    candidates: int = 1


@dataclass(frozen=True)
class Source:
    """A text as an engine reads it.

    ``tokens`` is all that it reads, of which ``before`` at the front and ``after`` at the end are not the text's own
    (a language, an end). Two texts with equal tokens are the same text to the engine. ``cut`` says that the text was
    longer than the engine can read.
    """

    tokens: tuple[str, ...]
    before: int = 0
    after: int = 0
    cut: bool = False

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text's own tokens."""
        return self.tokens[self.before : len(self.tokens) - self.after]


@dataclass(frozen=True)
class Candidate:
    """One output of one source.

    ``score`` is the mean log-probability of its pieces (<= 0), ``None`` where nothing gave one. ``finished`` is false
    where the output was cut short. ``pieces`` are what the engine wrote, before they were joined to the text;
    repetition is looked for in them. ``flags`` name what only the engine can know to be wrong: ``unknown``, a piece
    that stands for no text, and ``artefact``, a language's token where text should be.
    """

    text: str
    score: float | None
    finished: bool
    pieces: tuple[str, ...]
    flags: tuple[str, ...] = ()


class Engine(Protocol):
    """What translates into one language. ``translate`` is called from several threads.

    ``read`` must be cheap: what is slow to load is loaded by the first ``translate``, which a resumed run that finds
    all its batches done never calls.
    """

    @property
    def workers(self) -> int:
        """How many batches it translates side by side."""

    def read(self, texts: Sequence[str]) -> list[Source]:
        """Each text as the engine reads it."""

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """Each source's candidates, the best first, at least one.

        Raises:
            OutOfMemory: the batch does not fit. EngineFailed: there is something in it that the engine fails at.
        """
