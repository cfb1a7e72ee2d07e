"""Types of the grammar and the filler of frame templates, shared by all languages."""

import csv
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

LEXICON = Path(__file__).resolve().parents[1] / "lexicon"
Row = dict[str, str]

SLOT = re.compile(r"\{([a-z_0-9]+)(?:[.:]([a-z_0-9]+))?\}|\[([a-z_]+)\]")


@dataclass(frozen=True)
class NounPhrase:
    """One noun phrase before it is put into words; ``noun`` and ``modifiers`` are lexicon ids."""

    noun: str
    cls: str
    number: str  # "sg", "pl" or "mass", of the English row
    det: str = ""  # "the", "a", "some" or "" (bare)
    modifiers: tuple[str, ...] = ()
    amount: str = ""  # "2", "1/2", "two", "half", "few", "little", "a" (with a unit) ...
    unit: str = ""


@dataclass(frozen=True)
class PlacePhrase:
    """A vessel or surface; which preposition it takes is the language's affair."""

    place: str
    det: str = ""


@dataclass(frozen=True)
class Quantity:
    """A duration (``unit`` minute, hour ...) or a temperature (``unit`` degree, degree_f ...)."""

    number: str
    unit: str


@dataclass(frozen=True)
class Clause:
    """One frame with its slots filled: noun phrase lists, a place, a quantity, phrase ids.

    An adjunct that was not chosen is an absent key.
    """

    frame: str
    fills: dict[str, list[NounPhrase] | PlacePhrase | Quantity | str] = field(default_factory=dict)


def read_rows(name: str) -> dict[str, Row]:
    """A lexicon file as id -> row, in file order.

    Raises:
        ValueError: an id is missing or doubled, or a row has too few columns.
    """
    rows: dict[str, Row] = {}
    with (LEXICON / name).open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
            if not row.get("id") or row["id"] in rows or None in row or None in row.values():
                raise ValueError(f"{name}:{line}: id missing or doubled, or wrong number of columns: {row}")
            rows[row["id"]] = row
    return rows


class TargetLanguage(ABC):
    """Realises clauses in one language; subclasses say how noun phrases, places and quantities are worded."""

    code: ClassVar[str]
    conjunction: ClassVar[str] = " "
    parts: ClassVar[tuple[str, ...]] = ("frames", "nouns", "modifiers", "places", "units", "phrases")

    def __init__(self) -> None:
        self.nouns = read_rows(f"nouns.{self.code}.tsv")
        self.modifiers = read_rows(f"modifiers.{self.code}.tsv")
        self.places = read_rows(f"places.{self.code}.tsv")
        self.units = read_rows(f"units.{self.code}.tsv")
        self.phrases = {key: row["text"] for key, row in read_rows(f"phrases.{self.code}.tsv").items()}
        self.frames = {key: row["text"] for key, row in read_rows(f"frames.{self.code}.tsv").items()}

    @abstractmethod
    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """One noun phrase in the form that a template asks for."""

    @abstractmethod
    def place(self, place: PlacePhrase, form: str) -> str:
        """A vessel or surface with the preposition of ``form``: to, in, from, obj or the language's own."""

    @abstractmethod
    def duration(self, number: str, unit: str, form: str) -> str:
        """A time span; ``form`` "for" is the adverbial of ``[time]``."""

    @abstractmethod
    def temperature(self, number: str, unit: str) -> str:
        """A temperature such as "350 degrees f"."""

    def join(self, items: list[str]) -> str:
        """``["a", "b", "c"]`` -> ``"a, b <conjunction> c"``."""
        if len(items) < 2:
            return "".join(items)
        return ", ".join(items[:-1]) + f" {self.conjunction} " + items[-1]

    def clauses(self, clauses: list[str]) -> str:
        return self.join(clauses)

    def can_join(self, caption: str) -> bool:
        """Whether ``clauses`` takes a caption that somebody wrote, and not only the grammar's own."""
        return True

    def finish(self, text: str) -> str:
        return text

    def fill(self, clause: Clause) -> str:
        """The frame's template with every slot worded; adjuncts that the clause lacks vanish."""

        def word(match: re.Match[str]) -> str:
            slot, form = match[1] or match[3], match[2] or ""
            value = clause.fills.get(slot)
            if value is None:
                return ""
            if isinstance(value, list):
                return self.join([self.noun_phrase(np, form) for np in value])
            if isinstance(value, PlacePhrase):
                return self.place(value, form)
            if isinstance(value, Quantity):
                if slot == "temp":
                    return self.temperature(value.number, value.unit)
                return self.duration(value.number, value.unit, "for" if match[3] else form)
            return self.phrases[value]

        return SLOT.sub(word, self.frames[clause.frame])

    def realise(self, clauses: list[Clause], opener: str = "") -> str:
        """A whole caption: clauses joined, an opener ("now") before them, contractions and spaces settled."""
        body = self.clauses([" ".join(self.fill(clause).split()) for clause in clauses])
        text = f"{self.phrases[opener]} {body}" if opener else body
        return " ".join(self.finish(text).split())


def check_ids(code: str) -> list[str]:
    """What is wrong with a language's files: missing or unknown ids, slots that differ from the English frame's."""
    problems = []
    for part in TargetLanguage.parts:
        english, target = read_rows(f"{part}.en.tsv"), read_rows(f"{part}.{code}.tsv")
        problems += [f"{part}: missing {key}" for key in english if key not in target]
        # A modifier may have rows of its own for a class of nouns: "ground.meat".
        named = {key: key.split(".")[0] if part == "modifiers" else key for key in target}
        problems += [f"{part}: unknown {key}" for key, name in named.items() if name not in english]
        if part == "frames":
            for key in english.keys() & target.keys():
                slots = [sorted(m[1] or m[3] for m in SLOT.finditer(rows[key]["text"])) for rows in (english, target)]
                if slots[0] != slots[1]:
                    problems.append(f"frames: {key} has slots {slots[1]}, English {slots[0]}")
    return problems
