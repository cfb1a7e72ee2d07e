"""What a model reads of a caption, what it never reads, and what must not stand in its output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.text.artefacts import find_artefact
from multiyoucook2.text.prepare import normalise, untranslatable


@pytest.mark.parametrize(
    ("caption", "read"),
    [
        ("add ½ cup", "add 1/2 cup"),
        ("add 1½ cups", "add 1 1/2 cups"),
        ("add 1 ½ cups", "add 1 1/2 cups"),
        ("mac &amp; cheese", "mac & cheese"),
        ("it&#39;s done", "it's done"),
        ("AT&T & co; stay", "AT&T & co; stay"),
        ("bake at 350°F now", "bake at 350 degrees F now"),
        ("bake at 350 ° F", "bake at 350 degrees F"),
        ("bake at 180ºC", "bake at 180 degrees C"),
        ("bake at 350℉", "bake at 350 degrees F"),
        ("turn it 90° then", "turn it 90 degrees then"),
        ("add\u200b salt", "add salt"),
        ("add salt", "add salt"),
    ],
)
def test_normalised(caption: str, read: str) -> None:
    assert normalise(caption) == read
    assert normalise(read) == read


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="&"), max_size=60))
def test_plain_captions_are_read_as_they_are(caption: str) -> None:
    assert normalise(caption) == caption


@pytest.mark.parametrize(
    "caption", ["-", "...", "", "?!", "https://example.org/a?b=c", "[music]", "[Music] ...", "25", "♪"]
)
def test_nothing_to_translate(caption: str) -> None:
    assert untranslatable(caption)


@pytest.mark.parametrize("caption", ["salt", "add [the] salt", "见 www.example.org", "mix (music plays) it"])
def test_something_to_translate(caption: str) -> None:
    assert not untranslatable(caption)


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("add salt", "Salz \ufffd", "\ufffd"),
        ("add salt", "Salz ⁇ zugeben", "⁇"),
        ("add salt", "<unk> zugeben", "<unk>"),
        ("add salt", "__de__ Salz", "__de__"),
        ("add salt", ">>deu<< Salz", ">>deu<<"),
        ("add salt", "<2de> Salz", "<2de>"),
        ("add salt", "deu_Latn Salz", "deu_Latn"),
        ("add salt", "Salz<end_of_turn>", "<end_of_turn>"),
        ("add <s> salt", "<s> Salz", None),  # the caption says so itself
        ("fill in ____", "________ ausfüllen", None),
        ("add salt", "Salz zugeben", None),
    ],
)
def test_artefacts(source: str, text: str, found: str | None) -> None:
    assert find_artefact(source, text) == found
