"""Two options of which one would be ignored: an error that names both, or both are heeded."""

from typing import Any

import pytest
from typer.testing import CliRunner

from multiyoucook2.cli.app import app
from multiyoucook2.cli.importing import captions_recipe
from multiyoucook2.errors import RecipeError

NOTHING: dict[str, Any] = dict.fromkeys(
    ("captions", "columns", "split_column", "split", "config", "encoding", "source_lang", "license_", "citation")
) | {"skip_bad": False}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("review b --import a.csv --export b.csv", "--export and --import are two runs"),
        ("export b --to mteb --refused", "--refused says nothing about --to mteb"),
        ("export b --to tsv --features f", "--features says nothing about --to tsv"),
        ("export b --features f", "--features says nothing about --to jsonl"),
        ("build --captions a.csv --annotations b.csv", "--captions and --annotations both name the files"),
        ("build --set engine=mini --engine opus-mt", "--engine and --set engine=... both say the recipe's engine"),
        ("build --set languages=de --langs ja", "--langs and --set languages=... both say the recipe's languages"),
        (
            "build --engine mini --set engines.ja=opus-mt",
            "--engine is for all languages, and --set engines... for some",
        ),
    ],
)
def test_two_options_that_exclude_each_other(command: str, message: str) -> None:
    error = CliRunner().invoke(app, command.split()).exception
    assert isinstance(error, RecipeError)
    assert str(error).startswith(message)
    assert error.hint


@pytest.mark.parametrize(
    ("said", "given", "message"),
    [
        (
            {"source_options": {"split": "test"}},
            {"split": "train"},
            "two options say .* source_options.split",
        ),
        ({"publication": {"license": "mit"}}, {"license_": "cc0-1.0"}, "two options say .* publication.license"),
        ({}, {"columns": ["text=a", "text=b"]}, "the text is in two columns, 'a' and 'b'"),
        ({}, {"columns": ["split=a"], "split_column": "b"}, "the split is in two columns, 'a' and 'b'"),
    ],
)
def test_two_words_on_ones_own_captions(said: dict[str, Any], given: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        captions_recipe("custom", said, **NOTHING | {"captions": ["a.csv"]} | given)


def test_a_name_that_is_said_is_kept() -> None:
    """With --captions it was the file's, whatever --set said."""
    said = {"name": "mine", "publication": {"pretty_name": "My captions"}, "source_options": {"language": "de"}}
    given = {"captions": ["a.csv"], "split": "val", "license_": "mit", "columns": ["text=a"]}
    assert captions_recipe("multi-youcook2", said, **NOTHING | given) == (
        "custom",
        {
            "name": "mine",
            "publication": {"pretty_name": "My captions", "license": "mit"},
            "source_options": {"language": "de", "split": "val", "columns": {"text": "a"}},
            "annotations": ["a.csv"],
        },
    )
    _, named = captions_recipe("custom", {}, **NOTHING | {"captions": ["my file.csv"]})
    assert (named["name"], named["publication"]) == ("my-file", {"pretty_name": "my-file"})
