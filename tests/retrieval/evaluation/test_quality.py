"""Recall by the quality of the translation that asks: worked out by hand, by numpy, and slowly."""

import numpy as np
import pytest

from multiyoucook2.corpus.provenance import Provenance
from multiyoucook2.errors import TrainingError
from multiyoucook2.retrieval.evaluation.quality import group_rows, groupings, slopes


def made(quality: float | None = None, **other: bool) -> Provenance:
    return Provenance(quality, **{"accepted": True, "repaired": False, "human": quality is None, **other})


# five clips; German of qualities 0.1 (refused), 0.25, 0.6 (repaired), 1.0, and none for the last
GERMAN = [made(0.1, accepted=False), made(0.25), made(0.6, repaired=True), made(1.0), None]
MADE = {"en": [made()] * 5, "de": GERMAN}
RANKS = {
    "en": [np.array([1.0, 1, 1, 50, 1]), np.array([1.0, 1, 1, 1, 50])],
    "de": [np.array([50.0, 1, 1, 50, np.nan]), np.array([50.0, 50, 1, 1, np.nan])],
}


def test_groups_by_hand() -> None:
    groups = groupings(MADE, [0.25, 0.5], source="en")
    rows = {
        (row.by, row.group, row.lang): row for row in group_rows(RANKS, groups, level=10, source="en", resamples=50)
    }
    assert {key: row.queries for key, row in rows.items()} == {
        ("quality", "0 to 0.25", "de"): 1,
        ("quality", "0.25 to 0.5", "de"): 1,
        ("quality", "0.5 to 1", "de"): 2,
        ("checks", "refused", "de"): 1,
        ("checks", "accepted", "de"): 3,
        ("repair", "repaired", "de"): 1,
        ("repair", "first translation", "de"): 3,
        ("author", "machine", "de"): 4,
        ("author", "human", "en"): 5,
    }
    best = rows["quality", "0.5 to 1", "de"]  # hits of the seeds: 1 of 2, 2 of 2; English of the same clips: alike
    assert best.english is not None
    assert best.gap is not None
    assert (best.recall.value, best.english.value, best.gap.value) == (75, 75, 0)
    assert best.recall.deviation == pytest.approx(50 / np.sqrt(2))
    refused = rows["checks", "refused", "de"]
    assert refused.gap is not None
    assert (refused.recall.value, refused.gap.value, refused.gap.low, refused.gap.high) == (0, -100, -100, -100)
    human = rows["author", "human", "en"]
    assert human.gap is not None
    assert (human.recall.value, human.gap.value) == (80, 0)


def test_all_languages_together_weigh_by_queries() -> None:
    ranks = {"de": [np.array([1.0, 1, 50])], "fr": [np.array([1.0, np.nan, np.nan])]}
    of_fr = [made(0.9), None, None]
    groups = groupings({"de": [made(0.9)] * 3, "fr": of_fr}, [0.5], source="en")
    rows = {(row.group, row.lang): row for row in group_rows(ranks, groups, level=10, source="en", resamples=20)}
    whole = rows["0.5 to 1", "all"]
    assert (whole.queries, whole.recall.value) == (4, 75)
    assert whole.english is None  # no English was asked
    assert whole.gap is None


def test_intervals_are_those_of_draws_made_one_by_one() -> None:
    random = np.random.default_rng(3)
    ranks = {lang: [random.choice([1.0, 50.0], 30) for _ in range(3)] for lang in ("en", "de")}
    quality = random.random(30)
    groups = groupings({"en": [made()] * 30, "de": [made(float(value)) for value in quality]}, [0.5], source="en")
    row = next(
        one for one in group_rows(ranks, groups, level=10, source="en", resamples=4000) if one.group == "0 to 0.5"
    )
    hits = {lang: 100.0 * (np.stack(of) <= 10) for lang, of in ranks.items()}
    gaps = hits["de"] - hits["en"]
    deviation = gaps[:, quality < 0.5].mean(1).std(ddof=1) / np.sqrt(3)
    drawn = []
    for _ in range(4000):
        clips = random.integers(0, 30, 30)
        clips = clips[quality[clips] < 0.5]
        drawn.append(gaps[:, clips].mean() + random.normal(0, 4.303 / 1.96 * deviation))
    assert row.gap is not None
    assert (row.gap.low, row.gap.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=4)


def test_slopes_are_least_squares_of_the_gap() -> None:
    random = np.random.default_rng(4)
    ranks = {lang: [random.choice([1.0, 50.0], 40) for _ in range(2)] for lang in ("en", "de", "fr")}
    quality = random.random((40, 3))
    quality[:, 0] = np.nan
    quality[::5, 2] = np.nan
    found = slopes(ranks, quality, level=10, source="en", resamples=30)
    for lang, column in (("de", 1), ("fr", 2)):
        known = ~np.isnan(quality[:, column])
        lines = [
            np.polyfit(quality[known, column], 100.0 * ((of <= 10).astype(float) - (en <= 10))[known], 1)[0]
            for of, en in zip(ranks[lang], ranks["en"], strict=True)
        ]
        assert found[lang].value == pytest.approx(0.1 * np.mean(lines))
        assert found[lang].low <= found[lang].value <= found[lang].high
    assert found["mean"].value == pytest.approx((found["de"].value + found["fr"].value) / 2)
    same = np.full((40, 3), 0.5)
    assert slopes(ranks, same, level=10, source="en", resamples=5) == {}  # one quality has no slope


@pytest.mark.parametrize("edges", [[0.5, 0.25], [0.0], [1.0], [0.2, 0.2], [1.5]])
def test_bounds_must_rise(edges: list[float]) -> None:
    with pytest.raises(TrainingError, match="must rise"):
        groupings(MADE, edges, source="en")
