"""Settings: strict pydantic sections, and how a recipe of any kind is found, read, overridden and checked.

A recipe file's name is the recipe's name. Unknown keys are refused with the nearest known one.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import RecipeError, nearest


class Strict(BaseModel):
    """A recipe section: frozen, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Recipe = TypeVar("Recipe", bound=BaseModel)


def recipe_folder(kind: Literal["datasets", "training"]) -> Path:
    """Where recipes of a kind are: in the installed package, or in the source tree beside it."""
    package = Path(str(resources.files("multiyoucook2")))
    installed = package / "pipelines" / kind
    return installed if installed.is_dir() else package.parent / "pipelines" / kind


def recipe_names(kind: Literal["datasets", "training"]) -> list[str]:
    """The names of the recipes that ship."""
    return sorted(path.stem for path in recipe_folder(kind).glob("*.yaml"))


def load_recipe(
    model: type[Recipe], kind: Literal["datasets", "training"], name: str, overrides: Mapping[str, Any] | None = None
) -> Recipe:
    """A recipe by name, or from a ``.yaml`` path, with overrides (top-level keys; ``None`` means not given).

    Raises:
        RecipeError: unknown recipe, key or value; the message names the key and the nearest known one.
    """
    given = name.endswith((".yaml", ".yml"))
    path = Path(name).expanduser() if given else recipe_folder(kind) / f"{name}.yaml"
    if given and not path.is_file():
        raise RecipeError(
            f"the recipe {name} does not exist", hint=f"give a path, or a name: {', '.join(recipe_names(kind))}"
        )
    if not path.is_file():
        raise RecipeError(f"unknown recipe {name!r}", hint=nearest(name, recipe_names(kind)))
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise RecipeError(f"{path} is not readable YAML: {place}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # not text, a date that is none, nested without end
        raise RecipeError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from None
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path} is not a mapping of keys to values")
    values = {
        "name": path.stem,
        **values,
        **{key: value for key, value in (overrides or {}).items() if value is not None},
    }
    return validate_recipe(model, values, str(path))


def validate_recipe(model: type[Recipe], values: Mapping[str, Any], where: str) -> Recipe:
    """Values -> recipe, with pydantic's findings turned into one line."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt key comes with a missing one; its spelling is the better news.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _fields_at(model, first["loc"][:-1])
            raise RecipeError(f"{where}: unknown key {key!r}", hint=nearest(str(first["loc"][-1]), known)) from None
        raise RecipeError(f"{where}: {key}: {first['msg'].removeprefix('Value error, ')}") from None


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        annotation = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
