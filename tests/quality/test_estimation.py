"""``quality``: the fit against a slow one, what refuses a row, and what is said of languages without marks."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from multiyoucook2.quality.check import Batch, Context, run_checks
from multiyoucook2.quality.estimation import SIGNALS, calibration, fit, row_quality
from multiyoucook2.quality.settings import Checks
from multiyoucook2.quality.table import judge
from tests.quality.test_checks import english_of, translations
from tests.quality.test_signals import corpus

ROOT = Path(__file__).parents[2]


def test_the_fit_is_where_the_penalised_likelihood_is_flat() -> None:
    """The gradient, taken by differences, vanishes at the solution, and no corner of the penalty is missed."""
    rng = np.random.default_rng(0)
    signals, langs = rng.random((60, 2)), ["de", "ja"] * 30
    wrong = (signals[:, 0] + rng.normal(0, 0.3, 60) > 0.6).astype(float)
    weight = rng.random(60)
    constant, weights, languages = fit(signals, wrong, langs, weight)
    scale = signals.std(0) + 1e-9

    def loss(values: np.ndarray) -> float:
        odds = values[0] + signals @ (values[1:3] / scale) + np.where(np.array(langs) == "de", values[3], values[4])
        likelihood = weight * (np.log1p(np.exp(odds)) - wrong * odds)
        return float(likelihood.sum() + 0.5 * (values[1:3] ** 2).sum() + 1.5 * (values[3:] ** 2).sum())

    best = np.array([constant, *(weights * scale), languages["de"], languages["ja"]])
    for place in range(5):
        step = np.zeros(5)
        step[place] = 1e-4
        assert (loss(best + step) - loss(best - step)) / 2e-4 == pytest.approx(0, abs=1e-3)


def test_worse_rows_have_less_quality() -> None:
    wrong = [
        ("chop the onions and leeks", "Zwiebeln hacken"),
        ("add the garlic and leeks", "Knoblauch, Knoblauch hinzufügen"),
    ]
    pairs = [*wrong, *corpus()]
    batch = Batch.of("de", [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    quality = row_quality(run_checks(batch, Context(batch)), "de", Checks())
    assert quality[:2].max() < 0.5 < np.median(quality)
    assert ((quality >= 0) & (quality <= 1)).all()


def test_a_threshold_refuses_and_says_why() -> None:
    captions = english_of("chop the onions and leeks", "add 3 onions", *(pair[0] for pair in corpus()))
    german = translations("de", "Zwiebeln hacken", "Zwiebeln hinzufügen", *(pair[1] for pair in corpus()))
    judgement = judge(captions, german, "de", Checks(min_quality=0.4))
    quality = judgement.quality["quality"].to_pylist()
    found = {(row["clip_id"], row["check"]): row for row in judgement.verdicts.to_pylist()}
    assert quality[0] < 0.4
    assert found["v_0", "quality"]["severity"] == "reject"
    assert found["v_0", "quality"]["reason"] == f"the meaning is kept with probability {quality[0]:.2f}"
    assert quality[1] == 0  # a number is lost: refused by that check alone
    assert ("v_1", "quality") not in found
    assert not any(check == "quality" for _, check in _verdicts(judge(captions, german, "de", Checks())))


def _verdicts(judgement: object) -> list[tuple[str, str]]:
    return [(row["clip_id"], row["check"]) for row in judgement.verdicts.to_pylist()]  # type: ignore[attr-defined]


def test_without_an_alignment_there_is_no_quality() -> None:
    judgement = judge(english_of("chop"), translations("de", "hacken"), "de", Checks(alignment=False, min_quality=1.0))
    assert judgement.quality["quality"].to_pylist() == [None]
    assert judgement.verdicts.num_rows == 0


def test_what_nobody_marked_is_called_uncalibrated() -> None:
    assert calibration().knows("de", ["mini"])
    assert not calibration().knows("de", ["mini", "nllb-200-distilled-600M"])
    assert not calibration().knows("sw", ["mini"])
    assert not judge(english_of("chop"), translations("de", "hacken"), "de", Checks()).calibrated  # by model "m"


@pytest.mark.parametrize("lang", YOUCOOK2_LANGUAGES[1:])
def test_marks_are_whole(lang: str) -> None:
    """At least 60 rows a language, of two engines; where the bundled model is wrong, what is right."""
    with (ROOT / "pipelines" / "quality" / "marks" / f"{lang}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) >= 60
    assert len({row["engine"] for row in rows}) == 2
    assert len({(row["clip_id"], row["engine"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["kept"] in ("yes", "no")
        if row["kept"] == "no" and row["engine"] == "mini":
            assert row["kinds"]
            assert row["better"] not in ("", row["text"])


def test_the_calibration_that_ships_is_of_these_marks() -> None:
    values = json.loads((ROOT / "multiyoucook2" / "quality" / "calibration.json").read_text(encoding="utf-8"))
    assert tuple(values["weights"]) == SIGNALS
    assert sorted(values["languages"]) == sorted(YOUCOOK2_LANGUAGES[1:])
    for lang, figures in values["cross_validated"].items():
        if lang != "mean":
            text = (ROOT / "pipelines" / "quality" / "marks" / f"{lang}.tsv").read_text(encoding="utf-8")
            assert figures["rows"] == text.count("\n") - 1
            assert figures["wrong"] == text.count("\tno\t")
