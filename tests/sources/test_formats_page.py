"""The examples of docs/datasets.md are read by the sources that its headings name."""

import re
from pathlib import Path

import pytest

from .writing import read

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"
_EXAMPLE = re.compile(r"^`([\w.-]+)`\n\n```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str, str]]:
    """(source, file name, content) of each example."""
    found = []
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        source = re.search(r"\(`(\w+)`\)", section.splitlines()[0])
        found += [(source[1], *example) for example in _EXAMPLE.findall(section) if source]
    return found


def test_there_are_examples_of_the_sources_that_are_text() -> None:
    assert {source for source, _, _ in examples()} == {"custom", "youcook2", "msrvtt", "vatex"}
    assert len(examples()) == 12


@pytest.mark.parametrize(("source", "name", "content"), examples(), ids=[name for _, name, _ in examples()])
def test_an_example_is_read(source: str, name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    reading = read(source, path)
    assert reading.captions.num_rows
    assert not reading.refused
