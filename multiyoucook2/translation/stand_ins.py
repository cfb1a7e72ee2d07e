"""Common numbers in the place of rare ones: a small model that makes 350 of "365 degrees" copies 350 faithfully.

The stand-ins are of the same length, and ask for the same plural as what they stand for in languages where 2 and 5
differ. So 1 to 4, 22 and the like, fractions and decimals stay as they are. Ranges and mixed numbers are written in the
one way that models know best.
"""

import re

COMMON = {1: ("5", "6", "8"), 2: ("10", "15", "20", "30", "40"), 3: ("200", "350", "400", "500")}
_NUMBER = re.compile(r"(?<![\d/.,])[1-9]\d{0,2}(?![\d/]|[.,]\d)")
_RANGE = re.compile(r"(?<![\d/])(\d+)(?: +to +| +or +| +)(\d+)(?= *(?:min|sec|hour|hr|day))")  # "8 10 minutes"
_MIXED = re.compile(r"(?<![\d/])([1-9])(?=(1/[2-9]|2/3|3/4)(?![\d/]))")  # "21/2 cups"


def with_stand_ins(caption: str) -> tuple[str, dict[str, str]]:
    """The caption with common numbers, and what each of them stands for; nothing changes where there is no need.

    >>> with_stand_ins("bake at 365 degrees for 35 to 45 minutes")
    ('bake at 200 degrees for 10-15 minutes', {'10': '35', '15': '45', '200': '365'})
    """
    caption = _MIXED.sub(r"\1 ", _RANGE.sub(r"\1-\2", caption))
    found = sorted(set(_NUMBER.findall(caption)), key=int)
    taken, stands_for = set(re.findall(r"\d+", caption)), dict[str, str]()
    for length, common in COMMON.items():
        rare = [number for number in found if len(number) == length and _like_five(int(number))]
        free = [number for number in common if number not in taken]
        stands_for |= dict(zip(free, rare, strict=False))
    instead = {number: stand_in for stand_in, number in stands_for.items()}
    return _NUMBER.sub(lambda match: instead.get(match[0], match[0]), caption), stands_for


def without_stand_ins(text: str, stands_for: dict[str, str]) -> str:
    """The translation with the caption's own numbers."""
    return re.sub(r"\d+", lambda match: stands_for.get(match[0], match[0]), text)


def _like_five(number: int) -> bool:
    return number % 10 in (0, 5, 6, 7, 8, 9) or number % 100 in (11, 12, 13, 14)
