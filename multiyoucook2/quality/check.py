"""What a check is, and the registry that finds them: one file a check in ``quality/checks``, and nothing else to touch.

A check looks at all translations into one language at once (``Batch``), so that it can learn from them, and gives each
row a score: 0 where it finds nothing, larger where it finds more. A check of severity ``reject`` refuses the rows that
it finds; a ``signal`` only orders a work list and enters a row's ``quality``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import RecipeError
from ..registry import Registry
from ..translation.flags import UNTRANSLATABLE
from .evidence import Evidence, Learned, Pair
from .settings import Checks

Translate = Callable[[str, str, str, Sequence[str]], list[str]]  # engine, into, out of, texts
Severity = Literal["reject", "signal"]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One translation beside its source."""

    caption: str
    text: str
    lang: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Translations into one language beside their captions, row for row.

    ``texts`` has ``""`` where there is no translation; ``flags`` are the engine's, ``scores`` its mean
    log-probabilities an output token, ``nan`` where it gives none.
    """

    lang: str
    captions: Sequence[str]
    texts: Sequence[str]
    flags: Sequence[tuple[str, ...]]
    scores: Scores
    source_lang: str = "en"

    @classmethod
    def of(cls, lang: str, captions: Sequence[str], texts: Sequence[str], source_lang: str = "en") -> "Batch":
        """Plain pairs, of which no engine says anything."""
        return cls(lang, captions, texts, [()] * len(texts), np.full(len(texts), np.nan, np.float32), source_lang)

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def pairs(self) -> list[Pair]:
        """(caption, translation) of each row."""
        return list(zip(self.captions, self.texts, strict=True))

    def take(self, rows: Sequence[int]) -> "Batch":
        """Some of the rows, in the order given."""
        captions, texts = ([column[row] for row in rows] for column in (self.captions, self.texts))
        flags = [self.flags[row] for row in rows]
        return Batch(self.lang, captions, texts, flags, self.scores[list(rows)], self.source_lang)

    def rows(self) -> Iterable[Row]:
        """The rows one by one."""
        for caption, text, flags in zip(self.captions, self.texts, self.flags, strict=True):
            yield Row(caption, text, self.lang, flags)


@dataclass(frozen=True)
class Context:
    """What checks need beside the rows.

    Args:
        batch: the rows.
        settings: the recipe's section ``checks``.
        like: (caption, translation) of the same engine, to learn from instead of the rows, e.g. a build's.
        sound: (caption, translation) that people wrote, to learn from besides.
        learned: what was learned already, for all parts of a large build; none where the alignment is switched off.
        translate: gives translations of texts by an engine, for checks that compare with others.
    """

    batch: Batch
    settings: Checks = field(default_factory=Checks)
    like: Sequence[Pair] = ()
    sound: Sequence[Pair] = ()
    learned: Learned | None = None
    translate: "Translate | None" = None

    def translated(self, engine: str, lang: str, source_lang: str, texts: Sequence[str]) -> list[str]:
        """Translations of texts by another engine, for a check.

        Raises:
            RecipeError: nobody translates here, as in ``mycook check``.
        """
        if self.translate is None:
            raise RecipeError("checks by another engine want a build", hint="leave out agreement and round_trip")
        return self.translate(engine, lang, source_lang, texts)

    @property
    def peers(self) -> Sequence[Pair]:
        """(caption, translation) that say what is usual: those to learn from, whether or not anything is learned."""
        if self.learned:
            return self.learned.peers
        return [*dict.fromkeys(self.like or self.batch.pairs), *self.sound]

    @cached_property
    def evidence(self) -> Evidence:
        """What the alignment says of the rows; learned when the first check asks for it."""
        batch = self.batch
        learned = self.learned or Learned(self.like or batch.pairs, batch.lang, self.sound, batch.source_lang)
        return Evidence(batch.pairs, learned)


@dataclass(frozen=True)
class Findings:
    """What a check found.

    ``scores`` has a number a row, 0 where nothing is found. ``reason`` says in words what is wrong with a row. Rows
    whose score is above ``shown`` get a verdict; what lies below still counts in a row's quality.
    """

    scores: Scores
    reason: Callable[[int], str]
    shown: float = 0.0

    @classmethod
    def of(cls, size: int, reasons: Mapping[int, str]) -> "Findings":
        """Findings that are there or not, by row."""
        scores = np.zeros(size, np.float32)
        scores[list(reasons)] = 1
        return cls(scores, reasons.__getitem__)


@dataclass(frozen=True)
class Check:
    """One check. Raise ``version`` with any change to what it finds: finished validations are done again then."""

    name: str
    version: int
    severity: Severity
    run: Callable[[Batch, Context], Findings]


CHECKS: Registry[Check] = Registry("multiyoucook2.quality.checks", "check", RecipeError)


Rule = Callable[[Row, Checks], str | None]


def row_check(name: str, *, version: int = 1, severity: Severity = "reject") -> Callable[[Rule], Rule]:
    """Registers a rule of one row, which says what is wrong in words, or ``None``, as a check."""

    def register(rule: Rule) -> Rule:
        def run(batch: Batch, context: Context) -> Findings:
            found = {n: reason for n, row in enumerate(batch.rows()) if (reason := rule(row, context.settings))}
            return Findings.of(len(batch), found)

        CHECKS.add(Check(name, version, severity, run))
        return rule

    return register


def checks_version() -> dict[str, int]:
    """The version of each check, by name: what a validation depends on beside its rows and settings."""
    return {check.name: check.version for check in CHECKS}


def run_checks(batch: Batch, context: Context, names: Iterable[str] | None = None) -> dict[str, Findings]:
    """What all checks, or those named, find in a batch. An empty row is only that: other checks find nothing in it.

    Nor does any check in a caption without a word, which the engine kept as it is.
    """
    wanted = [check for check in CHECKS if names is None or check.name in set(names)]
    found = {check.name: check.run(batch, context) for check in wanted}
    if "empty" in found:
        nothing = found["empty"].scores > 0
        for name, findings in found.items():
            if name != "empty":
                findings.scores[nothing] = 0
    kept = [UNTRANSLATABLE in flags for flags in batch.flags]
    for findings in found.values():
        findings.scores[kept] = 0
    return found
