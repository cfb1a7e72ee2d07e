"""A last way to get a number through: translate the caption with a more usual number, then put the caption's own back.

A small model has read "350 degrees" a thousand times and "365 degrees" never, and may write 350 for it, or nothing. So
"bake at 365 degrees" is translated as "bake at 350 degrees", and in the translation 350 becomes 365 again.

The number that stands in is the nearest usual one with as many digits. Grammar must not notice the exchange: where 2
and 5 ask for different plurals, as in Russian, only numbers that take the same form as 5 are exchanged, so that 1 to 4,
22 and the like stay as they are, and so do fractions and decimals. Ranges ("8 to 10") and mixed numbers ("21/2") are
written in the one way that models know best.
"""

import re

_COMMON = {1: (5, 6, 8), 2: (10, 15, 20, 30, 40, 50, 60), 3: (100, 150, 200, 250, 300, 350, 400, 500)}
_NUMBER = re.compile(r"(?<![\d/.,])[1-9]\d{0,2}(?![\d/]|[.,]\d)")
_RANGE = re.compile(  # "8 10 minutes"
    r"(?<![\d/])(\d+)(?: +to +| +or +| +)(\d+)(?= *(?:mins?|minutes?|secs?|seconds?|hours?|hrs?|days?)\b)"
)
_MIXED = re.compile(r"(?<![\d/])([1-9])(?=(1/[2-9]|2/3|3/4)(?![\d/]))")  # "21/2 cups"


def with_stand_ins(caption: str) -> tuple[str, dict[str, str]]:
    """The caption with common numbers, and what each of them stands for; nothing changes where there is no need.

    >>> with_stand_ins("bake at 365 degrees for 35 to 45 minutes")
    ('bake at 350 degrees for 40-50 minutes', {'40': '35', '50': '45', '350': '365'})
    """
    caption = _MIXED.sub(r"\1 ", _RANGE.sub(_as_range, caption))
    taken = {int(number) for number in re.findall(r"\d+", caption)}
    instead: dict[str, str] = {}
    for length, common in _COMMON.items():
        numbers = sorted({int(found) for found in _NUMBER.findall(caption) if len(found) == length})
        free, shown_as = set(common) - taken, list(numbers)
        for place, number in enumerate(numbers):
            if number not in common and _like_five(number) and free:
                nearest = min(free, key=lambda stand_in: (abs(stand_in - number), -stand_in))
                free.remove(nearest)
                shown_as[place] = nearest
        if shown_as == sorted(shown_as):  # "35-45" must not become "50-40"
            instead |= {str(n): str(other) for n, other in zip(numbers, shown_as, strict=True) if n != other}
    shown = _NUMBER.sub(lambda match: instead.get(match[0], match[0]), caption)
    return shown, {stand_in: number for number, stand_in in instead.items()}


def without_stand_ins(text: str, stands_for: dict[str, str]) -> str:
    """The translation with the caption's own numbers."""
    return re.sub(r"\d+", lambda match: stands_for.get(match[0], match[0]), text)


def _as_range(match: re.Match[str]) -> str:
    return f"{match[1]}-{match[2]}" if int(match[1]) < int(match[2]) else match[0]


def _like_five(number: int) -> bool:
    return number % 10 in (0, 5, 6, 7, 8, 9) or number % 100 in (11, 12, 13, 14)
