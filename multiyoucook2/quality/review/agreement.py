"""How far reviewers agree where two of them have judged the same translations."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from .overlay import Reviews


@dataclass(frozen=True)
class Agreement:
    """Two reviewers on the translations that both have judged: ``rows`` of them, ``same`` judged alike.

    ``kappa`` is Cohen's: 1 where all are, 0 where no more are than by chance; ``None`` where it is not defined, as both
    always say the same one thing.
    """

    first: str
    second: str
    rows: int
    same: int
    kappa: float | None


def agreements(reviews: Reviews, lang: str) -> list[Agreement]:
    """Each pair of reviewers who have judged the same texts in a language. To edit a translation is to refuse it."""
    judged = {
        reviewer: {
            (key, said.seen): said.action == "accept"
            for key, said in actions.items()
            if key[2] == lang and said.action != "dismiss"
        }
        for reviewer, actions in reviews.latest().items()
    }
    found = []
    for first, second in combinations(judged, 2):
        both = judged[first].keys() & judged[second].keys()
        if both:
            said = [(judged[first][row], judged[second][row]) for row in both]
            found.append(Agreement(first, second, len(said), sum(a == b for a, b in said), cohens_kappa(said)))
    return found


def cohens_kappa(said: Iterable[tuple[bool, bool]]) -> float | None:
    """Of what two people say of the same things (Cohen 1960)."""
    pairs = list(said)
    alike = sum(a == b for a, b in pairs) / len(pairs)
    yes = [sum(pair[person] for pair in pairs) / len(pairs) for person in (0, 1)]
    by_chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return None if by_chance == 1 else (alike - by_chance) / (1 - by_chance)
