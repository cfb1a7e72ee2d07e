"""The ways to come by other translations of a caption: what the engine is asked, how it searches, what becomes of it.

Each has a name, which the flags of mended rows carry and the memory keeps its outputs by. What a way asks is guarded by
the version of ``translation``, as all that translates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..engines.base import Search
from ..engines.decoding import Decoding
from .kept import FIRST
from .ladder import Rung, as_sentence
from .parts import join_parts, split_parts

_STOPS = (".", "。", "।")
_ENDS = ". ", "。", "。 ", "।"


@dataclass(frozen=True)
class Ask:
    """A caption that wants another translation, and the step before it in its video, ``""`` where there is none."""

    caption: str
    before: str = ""


@dataclass(frozen=True)
class Maker:
    """Whose output a translation is, as its row says."""

    model: str
    revision: str
    license: str
    decode_hash: str


@dataclass(frozen=True)
class Choice:
    """One translation that a caption may get, with how it came about: the name of a way. No maker: the row's own."""

    text: str
    score: float | None
    flags: tuple[str, ...]
    path: str
    maker: Maker | None = None


class Way(Protocol):
    """One way. Its outputs depend on what it asks and how it searches alone."""

    @property
    def name(self) -> str: ...

    def asks(self, ask: Ask) -> list[str]:
        """The texts to translate; none where the way has nothing to offer."""
        ...

    def search(self, decoding: Decoding) -> Search:
        """How the engine is to search."""
        ...

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """The rivals, from the outputs of each text that was asked."""
        ...


@dataclass(frozen=True)
class NBest:
    """The engine's best outputs, of a beam as wide. A beam no wider than a build's need not be searched again."""

    candidates: int
    name: str = FIRST

    def asks(self, ask: Ask) -> list[str]:
        """The caption as it is."""
        return [ask.caption]

    def search(self, decoding: Decoding) -> Search:
        """All of a beam of as many candidates, or of a build's if that is wider."""
        return Rung(candidates=max(self.candidates, decoding.beam_size)).search(decoding)

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """All of them."""
        return list(outputs[0])


@dataclass(frozen=True)
class Parts:
    """Part by part, joined: small models drop what stands late in a long caption."""

    name: str = "parts"

    def asks(self, ask: Ask) -> list[str]:
        """The parts, where there are several."""
        return cut if len(cut := split_parts(ask.caption)) > 1 else []

    def search(self, decoding: Decoding) -> Search:
        """As a build does."""
        return Rung().search(decoding)

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """One rival, of the best output of each part."""
        best = [several[0] for several in outputs]
        if not all(part.text for part in best):
            return []
        scores = [part.score for part in best if part.score is not None]
        flags = dict.fromkeys(flag for part in best for flag in part.flags)
        text = join_parts([part.text for part in best], lang)
        return [Choice(text, sum(scores) / len(scores) if scores else None, tuple(flags), self.name)]


@dataclass(frozen=True)
class Recased:
    """The caption with a capital in front and a full stop behind."""

    name: str = "recased"

    def asks(self, ask: Ask) -> list[str]:
        """The caption as a sentence."""
        return [as_sentence(ask.caption)]

    def search(self, decoding: Decoding) -> Search:
        """All that the usual beam finds."""
        return Rung(candidates=decoding.beam_size).search(decoding)

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """Without the full stop, which is ours."""
        return [replace(one, text=_without_stop(one.text)) for one in outputs[0]]


@dataclass(frozen=True)
class Decoded:
    """Another search: no word sequence twice, and longer outputs favoured."""

    name: str = "decoding"

    def asks(self, ask: Ask) -> list[str]:
        """The caption as it is."""
        return [ask.caption]

    def search(self, decoding: Decoding) -> Search:
        """Two pieces in a row never come again."""
        search = Rung(candidates=decoding.beam_size, no_repeat_ngram=2, disable_unk=True).search(decoding)
        return replace(search, length_penalty=decoding.length_penalty + 0.5)

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """All of them."""
        return list(outputs[0])


@dataclass(frozen=True)
class InContext:
    """The step before it in front, so that what *it* and *them* are can be known."""

    name: str = "context"

    def asks(self, ask: Ask) -> list[str]:
        """Both steps as sentences."""
        return [f"{as_sentence(ask.before)} {as_sentence(ask.caption)}"] if ask.before else []

    def search(self, decoding: Decoding) -> Search:
        """All that the usual beam finds."""
        return Rung(candidates=decoding.beam_size).search(decoding)

    def reads(self, outputs: Sequence[Sequence[Choice]], lang: str) -> list[Choice]:
        """The second of two sentences; where they cannot be told apart there is no rival."""
        found = []
        for one in outputs[0]:
            sentences = _sentences(one.text)
            if len(sentences) == 2:
                found.append(replace(one, text=sentences[1]))
        return found


WAYS: dict[str, Way] = {way.name: way for way in (NBest(8), Parts(), Recased(), Decoded(), InContext())}


def _without_stop(text: str) -> str:
    return text[:-1].rstrip() if text.endswith(_STOPS) else text


def _sentences(text: str) -> list[str]:
    for end in _ENDS:
        text = text.replace(end, "\n")
    return [_without_stop(sentence.strip()) for sentence in text.split("\n") if sentence.strip()]
