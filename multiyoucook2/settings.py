"""Settings: strict pydantic sections, and how a recipe of any kind is found, read, overridden and checked.

A recipe file's name is the recipe's name. Unknown keys are refused with the nearest known one. Overrides reach into
sections: a value that is not given stays as the file has it.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import RecipeError, nearest

NAME = r"^[^\W_][\w.+=-]{0,99}$"  # a folder's name, that cannot lead elsewhere


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
    model: type[Recipe], kind: Literal["datasets", "training"], name: str, overrides: Mapping[str, object] | None = None
) -> Recipe:
    """A recipe by name, or from a ``.yaml`` path, with overrides as in :func:`overridden`.

    Raises:
        RecipeError: unknown recipe, key or value; the message names the key and the nearest known one, and blames the
            file or the overrides, whichever holds the mistake.
    """
    given = name.endswith((".yaml", ".yml"))
    path = Path(name).expanduser() if given else recipe_folder(kind) / f"{name}.yaml"
    if given and not path.is_file():
        raise RecipeError(
            f"the recipe {name} does not exist", hint=f"give a path, or a name: {', '.join(recipe_names(kind))}"
        )
    if not path.is_file():
        raise RecipeError(f"unknown recipe {name!r}", hint=nearest(name, recipe_names(kind)))
    return validate_recipe(model, {"name": path.stem, **_yaml_file(path)}, str(path), overrides)


def _yaml_file(path: Path) -> dict[str, object]:
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
    return values


def set_values(assignments: Sequence[str]) -> dict[str, object]:
    """What ``--set`` was given -> overrides; values are YAML, a dot reaches into a section.

    Raises:
        RecipeError: an assignment without ``=``, a value that is not YAML, or two that cannot both hold.

    Example:
        >>> set_values(["reduce=mean", "tiny.dim=64", "patience=null"])
        {'reduce': 'mean', 'tiny': {'dim': 64}, 'patience': None}
    """
    found: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or not all(path):
            raise RecipeError(
                f"--set {assignment!r} is not KEY=VALUE", hint="e.g. --set reduce=mean --set freeze_text=true"
            )
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise RecipeError(f"--set {assignment!r}: the value is not YAML") from None
        section = found
        for number, part in enumerate(path[:-1]):
            inner = section.setdefault(part, {})
            if not isinstance(inner, dict):
                whole = ".".join(path[: number + 1])
                raise RecipeError(f"--set {assignment!r}: another --set gives {whole} as a whole", hint="keep one")
            section = inner
        section[path[-1]] = _laid_over(section[path[-1]], value) if path[-1] in section else value
    return found


def overridden(values: Mapping[str, object], overrides: Mapping[str, object]) -> dict[str, object]:
    """Values with overrides laid over them: section by section, key by key; ``None`` unsets, a list replaces a list.

    Example:
        >>> overridden({"tiny": {"dim": 96, "layers": 2}}, {"tiny": {"dim": 64}})
        {'tiny': {'dim': 64, 'layers': 2}}
    """
    return {**values, **{key: _laid_over(values.get(key), value) for key, value in overrides.items()}}


def _laid_over(value: object, override: object) -> object:
    if isinstance(value, Mapping) and isinstance(override, Mapping):
        return overridden(value, override)
    return override


def validate_recipe(
    model: type[Recipe], values: Mapping[str, object], where: str, overrides: Mapping[str, object] | None = None
) -> Recipe:
    """Values, under overrides, -> recipe, with pydantic's findings turned into one line.

    Raises:
        RecipeError: it names the key and ``where``, or the flag if an override is what cannot be.
    """
    try:
        return model.model_validate(overridden(values, overrides or {}))
    except ValidationError as error:
        # A misspelt key comes with a missing one; its spelling is the better news.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        if overrides and (_holds(overrides, first["loc"]) or (not first["loc"] and _valid(model, values))):
            where = "--set"
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _fields_at(model, first["loc"][:-1])
            raise RecipeError(f"{where}: unknown key {key!r}", hint=nearest(str(first["loc"][-1]), known)) from None
        at = f"{where}: {key}: " if key else f"{where}: "
        raise RecipeError(f"{at}{first['msg'].removeprefix('Value error, ')}") from None


def _valid(model: type[BaseModel], values: Mapping[str, object]) -> bool:
    try:
        model.model_validate(values)
    except (ValidationError, RecipeError):
        return False
    return True


def _holds(overrides: Mapping[str, object], path: tuple[int | str, ...]) -> bool:
    """Whether an override gave the value at a path, or the whole that the path leads into."""
    value: object = overrides
    for number, part in enumerate(path):
        if not isinstance(value, Mapping):
            return number > 0
        if part not in value:
            return False
        value = value[part]
    return bool(path)


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        annotation = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
