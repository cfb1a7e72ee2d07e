"""Lists in one option, such as ``--seeds 0,1,2``."""

from collections.abc import Callable
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
