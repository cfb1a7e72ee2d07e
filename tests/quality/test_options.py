"""Options that would be ignored are refused, by the name that the user wrote."""

import pytest

from tests.conftest import MyCook


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("review", "b", "--export", "x.csv", "--lang", "de"),
            "--lang says nothing about a CSV, which holds all reviews",
        ),
        (("review", "b", "--import", "x.csv", "--reviewer", "ana"), "--reviewer says nothing about a CSV"),
        (("review", "b", "--json"), "--json says nothing about the page"),
        (("score", "--setup", "comet-qe", "--sample", "9"), "--sample says nothing about --setup"),
        (("score", "b", "--setup", "comet-qe"), "BUILD says nothing about --setup"),
    ],
)
def test_options_that_would_be_ignored_are_refused(arguments: tuple[str, ...], message: str, mycook: MyCook) -> None:
    assert message in mycook(*arguments, code=1).stderr
