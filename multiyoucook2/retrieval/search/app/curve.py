"""Moments as numbers of an SVG drawing: where bars, lines and marks of time go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..moments import Moment

WIDTH, HEIGHT = 1000, 260
LEFT, RIGHT, TOP, BOTTOM = 10, 10, 14, 46
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
_MOST_MARKS = 9


@dataclass(frozen=True)
class Curve:
    """``bars``: a moment each, with ``x, y, width, height, moment, link, best``; ``marks``: (x, seconds)."""

    width: int
    height: int
    floor: int
    bars: list[dict[str, object]]
    marks: list[tuple[float, int]]
    low: float
    high: float


def draw(moments: Sequence[Moment], link: Callable[[Moment], str]) -> Curve:
    """Place moments by time and score. The lowest score is a low bar, the highest a full one.

    Args:
        link: where a moment can be watched, empty if nowhere.
    """
    end_s = max(moment.end_s for moment in moments)
    low, high = min(moment.score for moment in moments), max(moment.score for moment in moments)
    inner, floor = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM

    def x(seconds: float) -> float:
        return round(LEFT + inner * seconds / end_s, 2)

    bars = []
    for moment, until_s in zip(moments, _until(moments), strict=True):
        share = (moment.score - low) / (high - low) if high > low else 1.0
        height = round((floor - TOP) * (0.06 + 0.94 * share), 2)
        bars.append(
            {
                "x": x(moment.start_s), "y": round(floor - height, 2), "height": height,
                "width": max(2.0, round(x(until_s) - x(moment.start_s) - 1, 2)),
                "moment": moment, "link": link(moment), "best": moment.score == high,
            }
        )  # fmt: skip
    step = next((step for step in _STEPS_S if end_s / step <= _MOST_MARKS), _STEPS_S[-1])
    marks = [(x(second), second) for second in range(0, int(end_s) + 1, step)]
    return Curve(WIDTH, HEIGHT, floor, bars, marks, low, high)


def _until(moments: Sequence[Moment]) -> list[float]:
    """Where each bar ends: with its moment, or where the next window begins, as windows overlap."""
    following = [*(moment.start_s for moment in moments[1:]), float("inf")]
    return [min(moment.end_s, max(after, moment.start_s)) if after > moment.start_s else moment.end_s
            for moment, after in zip(moments, following, strict=True)]  # fmt: skip
