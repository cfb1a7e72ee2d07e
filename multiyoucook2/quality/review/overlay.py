"""What reviewers said: an append-only file a reviewer, from which the present state follows by reading it in order.

::

    BUILD/reviews/NAME.jsonl    a line an action: time, clip, caption, language, hash of the text seen, new text

Nothing is ever changed in these files. Taking an action back is a line, too. Two reviewers write two files, so that
neither overwrites the other. What holds follows from the times, not from the order in the file: lines that were said
elsewhere may come later. An action is about a text, named by its hash: where a later build translates the caption
otherwise, an edit stays (it is a person's translation) and is marked stale, while a mere yes or no falls away.

A kind of flag that is mostly false alarms is dismissed as a whole: such a line names ``*CHECK`` in the clip's place.
"""

import hashlib
import json
import math
import re
import time
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from ...errors import WorkspaceError, shown
from ...files import Record
from ...files.reading import parse_json
from .journal import append_lines, whole_lines

FOLDER = "reviews"
TEXT_CHARACTERS = 2000
Action = Literal["accept", "edit", "reject", "dismiss", "undo"]
ALL_OF = "*"  # before the name of a check: all rows of a language that it flags
Key = tuple[str, int, str]  # clip, caption index, language
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Said(Record):
    """One line: what a reviewer did. ``text`` is the new translation of an ``edit``, else empty."""

    time: float  # seconds since 1970
    clip_id: str
    caption_index: int
    lang: str
    seen: str  # hash of the translation that was looked at
    action: Action
    text: str = ""

    @property
    def key(self) -> Key:
        """Which caption in which language."""
        return self.clip_id, self.caption_index, self.lang

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.action == "edit" and not (self.text.strip() and len(self.text) <= TEXT_CHARACTERS):
            raise ValueError(f"a translation has 1 to {TEXT_CHARACTERS} characters")
        if self.action != "edit" and self.text:
            raise ValueError(f"there is no new text to {self.action}")
        if self.action == "dismiss" and not self.clip_id.startswith(ALL_OF):
            raise ValueError("flags are dismissed as a kind, not of one clip")
        return self


@dataclass(frozen=True)
class Outcome:
    """What holds for a translation after all reviewers.

    ``action`` is the latest one's; ``disagree`` says that another reviewer's latest differs; ``stale``, that the text
    was another when it was reviewed.
    """

    action: Action
    text: str
    reviewer: str
    disagree: bool
    stale: bool


def text_hash(text: str) -> str:
    """16 hex digits that name a translation."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass
class _Read:
    """What was read of a reviewer's file: each caption's actions in the order of their times."""

    bytes: int = 0
    lines: int = 0
    said: dict[Key, list[Said]] = field(default_factory=dict)

    def add(self, actions: Iterable[Said]) -> None:
        for said in actions:
            insort(self.said.setdefault(said.key, []), said, key=attrgetter("time"))


class Reviews:
    """The reviews of a build folder."""

    def __init__(self, build: Path) -> None:
        self.folder = build / FOLDER
        self._known: dict[str, _Read] = {}

    def append(self, reviewer: str, *said: Said) -> None:
        """Add lines and wait until they are on the disk: an answer to the reviewer means that nothing is lost.

        Raises:
            WorkspaceError: a name that no file can have, or a disk that refuses.
        """
        append_lines(self._file(reviewer), [json.dumps(one.model_dump(), ensure_ascii=False) for one in said])

    def say(self, reviewer: str, key: Key, seen: str, action: Action, text: str = "") -> None:
        """Add an action of this moment. It holds over all that was said of the caption before, whatever clocks say.

        Raises:
            WorkspaceError: see :meth:`append`.
            ValidationError: of pydantic; no such action.
        """
        before = [said.time for name in self.reviewers() for said in self._said(name).get(key, ())]
        self.append(reviewer, said_now(key, seen, action, text, after=max(before, default=0.0)))

    def own(self, reviewer: str, key: Key) -> Said | None:
        """What holds of one reviewer's actions on a caption."""
        return _held(self._said(reviewer).get(key, ()))

    def reviewers(self) -> list[str]:
        """Names of those who said something."""
        return sorted(path.stem for path in self.folder.glob("*.jsonl"))

    def lines(self, reviewer: str) -> Iterator[Said]:
        """A reviewer's actions in the order of the file.

        Raises:
            WorkspaceError: a line is none; it is named, as a review must not be lost in silence.
        """
        path = self._file(reviewer)
        yield from _parse(whole_lines(path)[1], path, 1)

    def latest(self) -> dict[str, dict[Key, Said]]:
        """Reviewer -> caption -> what holds of their actions; an ``undo`` takes the one before it back."""
        return {
            reviewer: {key: held for key, actions in self._said(reviewer).items() if (held := _held(actions))}
            for reviewer in self.reviewers()
        }

    def dismissed(self, lang: str) -> dict[str, set[str]]:
        """The checks whose flags were dismissed in a language, each with the reviewers who did."""
        found: dict[str, set[str]] = {}
        for reviewer, actions in self.latest().items():
            for (name, _, of), said in actions.items():
                if of == lang and said.action == "dismiss":
                    found.setdefault(name.removeprefix(ALL_OF), set()).add(reviewer)
        return found

    def _said(self, reviewer: str) -> Mapping[Key, Sequence[Said]]:
        """A reviewer's actions by caption and time. Of a file that has grown only the end is read."""
        path, known = self._file(reviewer), self._known.get(reviewer) or _Read()
        start, new = whole_lines(path, known.bytes)
        if start < known.bytes:  # somebody has put another file there
            known = _Read()
        known.add(list(_parse(new, path, known.lines + 1)))
        known.bytes += len(new)
        known.lines += new.count(b"\n")
        self._known[reviewer] = known
        return known.said

    def outcomes(self, texts: Mapping[Key, str]) -> dict[Key, Outcome]:
        """What holds for translations, by caption.

        Args:
            texts: the machine's translations of today; captions that are not among them are left out.
        """
        found: dict[Key, list[tuple[Said, str]]] = {}
        for reviewer in self.reviewers():
            said_of = self._said(reviewer)
            for key in texts if len(texts) < len(said_of) else said_of:
                if key in texts and (held := _held(said_of.get(key, ()))):
                    found.setdefault(key, []).append((held, reviewer))
        outcomes = {}
        for key, voices in found.items():
            current = text_hash(texts[key])
            valid = [voice for voice in voices if voice[0].seen == current or voice[0].action == "edit"]
            if not valid:
                continue
            said, reviewer = max(valid, key=lambda voice: (voice[0].time, voice[1]))
            others = {(other.action, other.text) for other, _ in valid} - {(said.action, said.text)}
            outcomes[key] = Outcome(said.action, said.text, reviewer, bool(others), said.seen != current)
        return outcomes

    def content_hash(self, lang: str | None = None) -> str:
        """A name of what holds, in one language or in all; builds depend on it. Dismissals only order a work list."""
        digest = hashlib.sha256()
        for reviewer, actions in self.latest().items():
            for key, said in sorted(actions.items()):
                if said.action != "dismiss" and lang in (None, key[2]):
                    digest.update(f"{json.dumps([reviewer, said.model_dump()])}\n".encode())
        return digest.hexdigest()[:16]

    def _file(self, reviewer: str) -> Path:
        require_name(reviewer)
        return self.folder / f"{reviewer}.jsonl"


def require_name(reviewer: str) -> None:
    """Check that a reviewer's file can be called so.

    Raises:
        WorkspaceError: it cannot.
    """
    if not _NAME.fullmatch(reviewer):
        raise WorkspaceError(
            f"a reviewer cannot be called {shown(reviewer, 60)!r}",
            hint="letters, digits, '.', '_' and '-', e.g. ana",
        )


def said_now(key: Key, seen: str, action: Action, text: str = "", *, after: float = 0.0) -> Said:
    """An action of this moment, or of the one that follows ``after``, should the clock be behind that."""
    clip_id, caption_index, lang = key
    moment = max(time.time(), math.nextafter(after, math.inf))
    return Said(
        time=moment, clip_id=clip_id, caption_index=caption_index, lang=lang, seen=seen, action=action, text=text
    )


def _held(actions: Sequence[Said]) -> Said | None:
    """What holds of a reviewer's actions on a caption: the latest that was not taken back."""
    taken_back = 0
    for said in reversed(actions):
        if said.action == "undo":
            taken_back += 1
        elif taken_back:
            taken_back -= 1
        else:
            return said
    return None


def _parse(data: bytes, path: Path, first: int) -> Iterator[Said]:
    """The actions of some whole lines, the first of which has that number in its file."""
    for number, row in enumerate(data.split(b"\n"), first):
        if row.strip():
            yield parse_json(row, Said, f"line {number} of {shown(path)}", hint="mend or remove that line")
