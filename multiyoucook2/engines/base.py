"""What translates: the ``Translator`` protocol, and what goes in and comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias


class OutOfMemory(Exception):
    """A batch did not fit; the scheduler halves it."""


@dataclass(frozen=True)
class Search:
    """How one batch is searched. ``max_tokens`` caps the output, prefix and end token not counted.

    ``candidates``: how many hypotheses are wanted; the beam is as wide at least.
    """

    beam_size: int
    length_penalty: float
    max_tokens: int
    no_repeat_ngram: int = 0
    disable_unk: bool = False
    candidates: int = 1


@dataclass(frozen=True)
class Hypothesis:
    """One output of one source.

    ``tokens`` come without target prefix and end token. ``score`` is the mean log-probability of a token (<= 0).
    ``finished`` is false where the cap cut the output short.
    """

    tokens: tuple[str, ...]
    score: float
    finished: bool


Candidates: TypeAlias = tuple[Hypothesis, ...]  # of one source, the best first


class Translator(Protocol):
    """What the scheduler needs of an engine. ``translate`` is called from several threads."""

    workers: int

    def translate(self, batch: Sequence[Sequence[str]], search: Search) -> list[Candidates]:
        """Each source's hypotheses, the best first. Raises OutOfMemory where the batch does not fit."""
