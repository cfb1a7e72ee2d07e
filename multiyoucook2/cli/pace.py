"""How fast work goes, and how long it will still take: of one piece, and of all pieces that are alike."""

import time
from collections.abc import Sequence
from dataclasses import dataclass


class Pace:
    """Rate and time left, counted from the first figure heard: what was done before it cost no time of this run.

    Another total is another pass over the same piece of work, such as the repair of translations: it counts anew.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._total = 0
        self._began = 0.0

    def words(self, done: int, total: int) -> list[str]:
        """Such as ``["120/s", "1 min 8 s left"]``; empty until two figures were heard. ``total`` 0: not known."""
        now = time.monotonic()
        if self._before is None or total != self._total:
            self._before, self._total, self._began = done, total, now
        rate = (done - self._before) / (now - self._began) if now > self._began else 0.0
        if rate <= 0:
            return []
        left = [f"{duration((total - done) / rate)} left"] if total > done else []
        return [f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s", *left]


@dataclass
class _Piece:
    before: int = 0  # done when it was first heard of: by an earlier run
    done: int = 0
    total: int = 0


class Overall:
    """Progress over all pieces that are alike, such as the translations into eight languages.

    Pieces are alike if their names are up to the dash. One that has not begun is taken to be as large as the running
    one: each language has the same captions to translate. Of a second pass over a piece, only the time counts.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, _Piece | None] = {}  # None: not begun
        self._began: dict[str, float] = {}  # of a kind

    def planned(self, names: Sequence[str]) -> None:
        """These are still to be done."""
        self._pieces.update(dict.fromkeys(names))

    def heard(self, name: str, done: int, total: int) -> tuple[int, int, str] | None:
        """Done, total and time left over all pieces alike; ``None`` where there is one only."""
        kind = _kind(name)
        alike = [piece for other, piece in self._pieces.items() if _kind(other) == kind]
        if name not in self._pieces or len(alike) < 2:
            return None
        now = time.monotonic()
        began = self._began.setdefault(kind, now)
        piece = self._pieces[name]
        if piece is None:
            piece = self._pieces[name] = _Piece(before=done)
            alike = [found for other, found in self._pieces.items() if _kind(other) == kind]
        if piece.total in (0, total):
            piece.done, piece.total = done, total
        begun = [found for found in alike if found is not None]
        all_done = sum(found.done for found in begun)
        all_total = sum(found.total for found in begun) + (len(alike) - len(begun)) * piece.total
        fresh = all_done - sum(found.before for found in begun)
        left = (now - began) * (all_total - all_done) / fresh if fresh else 0.0
        return all_done, all_total, f"{duration(left)} left" if left else ""

    def count(self, name: str) -> int:
        """How many pieces are alike."""
        return sum(_kind(other) == _kind(name) for other in self._pieces)


def _kind(name: str) -> str:
    return name.partition("-")[0]


def duration(seconds: float) -> str:
    """Such as ``4.2 s``, ``42 s``, ``3 min 10 s`` or ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
