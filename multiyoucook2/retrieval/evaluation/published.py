"""Published numbers that may stand beside ours: the same pool, the same rule of queries, the same captions.

Each was read on the page of its repository; see docs/evaluation.md for those whose queries no build of ours has. They
are of real features, so they never stand beside simulated ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .bootstrap import RECALL_LEVELS


@dataclass(frozen=True)
class Published:
    """Recalls at 1, 5 and 10, in percent, of a model on the queries of a language; ``None``: not found."""

    model: str
    pool: str
    query: str
    lang: str
    t2v: tuple[float, float, float]
    v2t: tuple[float, float, float] | None = None

    def recall(self, task: str, level: int) -> float | None:
        """Of one direction, at one level."""
        found = self.t2v if task == "t2v" else self.v2t
        return found[RECALL_LEVELS.index(level)] if found else None


PUBLISHED = (
    Published("UniVL, joint", "youcook2-3350", "first", "en", (22.7, 52.5, 65.9)),
    Published("UniVL, align", "youcook2-3350", "first", "en", (28.9, 57.6, 70.0)),
    Published("NRCCR", "vatex-hgr-1500", "all", "zh", (30.8, 64.4, 74.6), (43.1, 72.3, 81.4)),
    Published("MLCMR", "vatex-hgr-1500", "all", "zh", (36.9, 71.3, 80.6), (51.1, 79.1, 86.7)),
    Published("MLCMR", "vatex-hgr-1500", "all", "en", (39.6, 74.4, 83.3)),
    Published("CLIP2Video", "vatex-hgr-1500", "all", "en", (61.2, 90.9, 95.6)),
)


def published_beside(setting: Mapping[str, Any], task: str, level: int) -> dict[str, dict[str, float]]:
    """Model -> language -> recall, of what was published by the protocol of an evaluation's ``setting``."""
    found: dict[str, dict[str, float]] = {}
    if setting.get("relevant") or str(setting.get("feat", "")).startswith("simulated"):
        return found
    for row in PUBLISHED:
        value = row.recall(task, level)
        if value is not None and (row.pool, row.query) == (setting.get("clips"), setting.get("query")):
            found.setdefault(row.model, {})[row.lang] = value
    return found
