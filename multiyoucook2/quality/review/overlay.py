"""What reviewers said: an append-only file a reviewer, from which the present state follows by reading it in order.

::

    BUILD/reviews/NAME.jsonl    a line an action: time, clip, caption, language, hash of the text seen, new text

Nothing is ever changed in these files. Taking an action back is a line, too. Two reviewers write two files, so that
neither overwrites the other. An action is about a text, named by its hash: where a later build translates the caption
otherwise, an edit stays (it is a person's translation) and is marked stale, while a mere yes or no falls away.

A kind of flag that is mostly false alarms is dismissed as a whole: such a line names ``*CHECK`` in the clip's place.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...errors import WorkspaceError, shown
from ...files import Record, read_bytes, read_text
from ...files.reading import parse_json

FOLDER = "reviews"
TEXT_CHARACTERS = 2000
MOST_BYTES = 1 << 30  # that are read of a reviewer's file
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
    """What was read of a reviewer's file: whole lines alone."""

    bytes: int = 0
    lines: int = 0
    stacks: dict[Key, list[Said]] = field(default_factory=dict)

    def add(self, actions: Iterable[Said]) -> None:
        for said in actions:
            stack = self.stacks.setdefault(said.key, [])
            if said.action == "undo":
                stack[-1:] = []
            else:
                stack.append(said)


class Reviews:
    """The reviews of a build folder."""

    def __init__(self, build: Path) -> None:
        self.folder = build / FOLDER
        self._known: dict[str, _Read] = {}

    def append(self, reviewer: str, said: Said) -> None:
        """Add a line and wait until it is on the disk: an answer to the reviewer means that nothing is lost.

        Raises:
            WorkspaceError: a name that no file can have, or a disk that refuses.
        """
        path = self._file(reviewer)
        line = json.dumps(said.model_dump(), ensure_ascii=False) + "\n"
        try:
            self.folder.mkdir(exist_ok=True)
            with path.open("ab") as file:
                if file.tell() and not _ends_a_line(path):
                    file.write(b"\n")  # a line that a killed process left unfinished
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorkspaceError(
                f"{shown(path)} cannot be written: {error.strerror}",
                hint="free some space, then repeat the last action",
            ) from None

    def reviewers(self) -> list[str]:
        """Names of those who said something."""
        return sorted(path.stem for path in self.folder.glob("*.jsonl"))

    def lines(self, reviewer: str) -> Iterator[Said]:
        """A reviewer's actions in order. A last line without its end was never answered, and is left out.

        Raises:
            WorkspaceError: another line is none; it is named, as a review must not be lost in silence.
        """
        path = self._file(reviewer)
        try:
            yield from _parse(read_text(path), path, 1)
        except FileNotFoundError:
            return

    def latest(self) -> dict[str, dict[Key, Said]]:
        """Reviewer -> caption -> what holds of their actions; an ``undo`` takes the one before it back."""
        return {
            reviewer: {key: stack[-1] for key, stack in self._stacks(reviewer).items() if stack}
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

    def _stacks(self, reviewer: str) -> dict[Key, list[Said]]:
        """A reviewer's actions that were not taken back, by caption. Of a file that has grown only the end is read."""
        path = self._file(reviewer)
        known = self._known.get(reviewer)
        with path.open("rb") as file:
            if known is None or os.fstat(file.fileno()).st_size < known.bytes:
                known = self._known[reviewer] = _Read()
            file.seek(known.bytes)
            new = file.read(MOST_BYTES)
        whole, _, rest = new.rpartition(b"\n")
        if whole:
            known.add(_parse(_decoded(whole, path) + "\n", path, known.lines + 1))
            known.bytes += len(whole) + 1
            known.lines += whole.count(b"\n") + 1
        if rest.strip():  # a line that is being written, or was left so
            with_rest = _Read(stacks={key: list(stack) for key, stack in known.stacks.items()})
            with_rest.add(_parse(_decoded(rest, path), path, known.lines + 1))
            return with_rest.stacks
        return known.stacks

    def outcomes(self, texts: Mapping[Key, str]) -> dict[Key, Outcome]:
        """What holds for translations, by caption.

        Args:
            texts: the machine's translations of today; captions that are not among them are left out.
        """
        found: dict[Key, list[tuple[Said, str]]] = {}
        for reviewer in self.reviewers():
            stacks = self._stacks(reviewer)
            for key in texts if len(texts) < len(stacks) else stacks:
                if key in texts and (stack := stacks.get(key)):
                    found.setdefault(key, []).append((stack[-1], reviewer))
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

    def content_hash(self) -> str:
        """A name of everything said; builds depend on it."""
        digest = hashlib.sha256()
        for reviewer in self.reviewers():
            digest.update(f"{reviewer}\0{hashlib.sha256(read_bytes(self._file(reviewer))).hexdigest()}\n".encode())
        return digest.hexdigest()[:16]

    def _file(self, reviewer: str) -> Path:
        if not _NAME.fullmatch(reviewer):
            raise WorkspaceError(
                f"a reviewer cannot be called {shown(reviewer, 60)!r}",
                hint="letters, digits, '.', '_' and '-', e.g. ana",
            )
        return self.folder / f"{reviewer}.jsonl"


def said_now(key: Key, seen: str, action: Action, text: str = "") -> Said:
    """An action of this moment."""
    clip_id, caption_index, lang = key
    return Said(
        time=time.time(), clip_id=clip_id, caption_index=caption_index, lang=lang, seen=seen, action=action, text=text
    )


def _parse(text: str, path: Path, first: int) -> Iterator[Said]:
    """The actions of some lines, the first of which has that number in its file."""
    rows = text.split("\n")
    for number, row in enumerate(rows):
        if not row.strip():
            continue
        try:
            yield parse_json(row, Said, f"line {first + number} of {shown(path)}", hint="mend or remove that line")
        except WorkspaceError:
            if number == len(rows) - 1:
                return
            raise


def _decoded(data: bytes, path: Path) -> str:
    """Text of a file, which must be UTF-8.

    Raises:
        WorkspaceError: it is not.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"{shown(path)} is damaged: {error}", hint="mend or remove that line") from None


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
