"""Recipes under overrides: sections keep what is not given, null unsets, and a mistake is blamed on who made it."""

from pathlib import Path

import pytest
from pydantic import Field

from multiyoucook2.errors import RecipeError
from multiyoucook2.settings import Strict, load_recipe, overridden, set_values


class Shape(Strict):
    dim: int = 96
    layers: int = Field(2, ge=1)


class Recipe(Strict):
    name: str
    shape: Shape = Shape()
    patience: int | None = None


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "mine.yaml").write_text("shape: {dim: 32, layers: 5}\npatience: 3\n")
    return str(tmp_path / "mine.yaml")


def load(path: str, *assignments: str) -> Recipe:
    return load_recipe(Recipe, "training", path, set_values(assignments))


def test_a_section_keeps_what_is_not_given(path: str) -> None:
    assert load(path, "shape.dim=64").shape == Shape(dim=64, layers=5)
    assert load(path, "shape={layers: 1}").shape == Shape(dim=32, layers=1)
    assert load(path).name == "mine"


def test_null_unsets(path: str) -> None:
    assert load(path).patience == 3
    assert load(path, "patience=null").patience is None
    with pytest.raises(RecipeError, match=r"^--set: shape: "):
        load(path, "shape=null")  # nothing to switch off there


def test_assignments_that_cannot_both_hold(path: str) -> None:
    with pytest.raises(RecipeError, match="another --set gives shape as a whole"):
        set_values(["shape=5", "shape.dim=64"])
    assert set_values(["shape={dim: 1}", "shape.layers=3"]) == {"shape": {"dim": 1, "layers": 3}}
    assert set_values(["shape.layers=3", "shape={dim: 1}"]) == {"shape": {"dim": 1, "layers": 3}}
    for wrong in ("shape", "=3", "a=[1", "a..b=1", ".=1"):
        with pytest.raises(RecipeError, match=r"^--set "):
            set_values([wrong])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("shape.layers=0", r"^--set: shape\.layers: "),
        ("shape.lairs=1", r"^--set: unknown key 'shape\.lairs'"),
        ("shape=5", "^--set: shape: "),
        ("patience=often", "^--set: patience: "),
    ],
)
def test_a_mistake_in_a_flag_is_not_the_files(path: str, assignment: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as error:
        load(path, assignment)
    assert "\n" not in str(error.value)


def test_a_mistake_in_the_file_is_not_the_flags(path: str) -> None:
    Path(path).write_text("shape: {layers: 0}\n")
    with pytest.raises(RecipeError, match=r"mine\.yaml: shape\.layers: "):
        load(path, "patience=2", "shape.dim=3")
    assert load(path, "shape.layers=2").shape.layers == 2  # mended by a flag


def test_overridden_leaves_its_arguments_alone() -> None:
    values = {"a": {"b": 1, "c": [1, 2]}}
    assert overridden(values, {"a": {"c": [3]}, "d": None}) == {"a": {"b": 1, "c": [3]}, "d": None}
    assert values == {"a": {"b": 1, "c": [1, 2]}}
