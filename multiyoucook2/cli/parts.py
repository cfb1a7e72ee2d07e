"""What options hold: lists, such as ``--seeds 0,1,2``, and recipe values, by ``--set`` or by a flag of their own."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)


def parts(text: str) -> list[str]:
    """``a, b,a`` -> ``["a", "b"]``."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def numbers(text: str, option: str, kind: Callable[[str], Number]) -> list[Number]:
    """``0,1,2`` -> numbers of 0 and more.

    Raises:
        RecipeError: none, or something else.
    """
    from ..errors import RecipeError

    try:
        found = [kind(part) for part in parts(text)]
    except ValueError:
        found = []
    if not found or not all(0 <= number < float("inf") for number in found):
        what = "whole numbers" if kind is int else "numbers"
        raise RecipeError(f"{option} {text!r} are no {what} of 0 and more", hint=f"such as {option} 0,1")
    return found


def recipe_values(assignments: Sequence[str] | None, flags: Mapping[str, tuple[str, object]]) -> dict[str, object]:
    """Overrides of a recipe: those of ``--set``, and those of flags that have a name of their own.

    Args:
        flags: flag -> recipe key and value, ``None`` where it is not given.

    Raises:
        RecipeError: as :func:`..settings.set_values`, or a key is given by both, of which one would be ignored.
    """
    from ..errors import RecipeError
    from ..settings import set_values

    found = set_values(assignments or [])
    for flag, (key, value) in flags.items():
        if value is not None and key in found:
            raise RecipeError(f"{flag} and --set {key}=... both say the recipe's {key}", hint="give one of the two")
        if value is not None:
            found[key] = value
    return found
