"""Detection of bad outputs, by hand-worked cases."""

import pytest

from multiyoucook2.engines.base import Candidate, Source
from multiyoucook2.text.copies import is_copy
from multiyoucook2.text.repetition import longest_run, loops
from multiyoucook2.translation.flags import find_flags


@pytest.mark.parametrize(
    ("tokens", "size", "runs"),
    [
        ("a b a b a b", 2, 3),
        ("a b a b a", 2, 2),
        ("a a a a", 1, 4),
        ("a b c", 1, 1),
        ("x a b c a b c y", 3, 2),
        ("", 1, 1),
    ],
)
def test_longest_run(tokens: str, size: int, runs: int) -> None:
    assert longest_run(tokens.split(), size) == runs


@pytest.mark.parametrize(
    ("tokens", "source", "looping"),
    [
        ("Hallo Hallo Hallo Hallo", "hello", True),
        ("Hallo Hallo Hallo", "hello", False),
        ("in den Topf in den Topf in den Topf", "into the pot", True),
        ("in den Topf in den Topf", "into the pot", False),
        ("rühren rühren rühren rühren", "stir stir stir stir", False),  # the source says it as often
        ("1 0 0 0 0 0 g", "100000 g", False),  # no letters
        ("慢 慢 搅 拌", "stir slowly", False),
        ("搅 拌 搅 拌 搅 拌 搅 拌", "stir", True),
        ("", "stir", False),
    ],
)
def test_loops(tokens: str, source: str, looping: bool) -> None:
    assert loops(tokens.split(), source.split()) is looping


@pytest.mark.parametrize(
    ("source", "text", "lang", "copy"),
    [
        ("add the salt", "Add the salt.", "de", True),
        ("add the salt", "Salz zugeben", "de", False),
        ("pizza", "Pizza", "de", False),
        ("pizza", "pizza", "ru", True),
        ("25", "25", "ja", False),  # a number is one in every language
    ],
)
def test_copies(source: str, text: str, lang: str, copy: bool) -> None:
    assert is_copy(source, text, lang) is copy


@pytest.mark.parametrize(
    ("tokens", "text", "finished", "flags"),
    [
        (["Salz"], "Salz", True, ()),
        ([], "", True, ("empty",)),
        (["."], ".", True, ("empty",)),
        (["Salz"] * 4, "Salz Salz Salz Salz", False, ("loop", "truncated")),
        (["Salz", "<unk>"], "Salz", True, ("unknown",)),
        (["add", "salt"], "add salt", True, ("copy",)),
    ],
)
def test_flags(tokens: list[str], text: str, finished: bool, flags: tuple[str, ...]) -> None:
    found = Candidate(text, -0.5, finished, tuple(tokens), ("unknown",) if "<unk>" in tokens else ())
    assert find_flags("add salt", text, Source(("add", "salt")), found, "de") == flags


def test_lost_and_added_numbers() -> None:
    def flags(text: str) -> tuple[str, ...]:
        found = Candidate(text, -0.5, True, tuple(text.split()))
        return find_flags("add 2 eggs", text, Source(("add", "2", "eggs")), found, "de")

    assert flags("2 Eier zugeben") == flags("zwei Eier zugeben") == ()
    assert flags("Eier zugeben") == flags("2 Eier und 3 Zwiebeln zugeben") == ("number",)
