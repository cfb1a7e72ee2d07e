"""The figures of the model card, on outputs whose faults are known."""

import json

import pyarrow as pa
import pytest

from pipelines.mini_nmt.evaluate import caption_shares, mini_references, reference_scores


def test_shares_count_known_faults() -> None:
    captions = ["add 2 onions to the pan", "boil the potatoes for 10 minutes", "stir", "mix the flour and the eggs"]
    texts = [
        "2 Zwiebeln in die Pfanne geben und gut umrühren",
        "die Kartoffeln 12 Minuten lang kochen und abgießen",  # the number is another
        "",
        "mischen mischen mischen mischen mischen mischen",
    ]
    table = pa.table({"text": texts, "flags": [[], [], ["empty"], ["loop"]]})
    shares = caption_shares(table, captions, "de")
    assert shares["empty"] == 25
    assert shares["looping"] == 25
    assert shares["copied"] == 0
    assert shares["numbers_kept"] == 50  # of the two captions with digits
    assert shares["script"] == 100  # a text without letters is in no wrong script
    assert shares["language"] >= 50


def test_the_wrong_language_is_seen() -> None:
    captions = ["chop the onions", "stir the soup"]
    table = pa.table({"text": ["нарезать лук и чеснок", "mélangez bien la soupe chaude"], "flags": [[], []]})
    shares = caption_shares(table, captions, "de")
    assert shares["language"] == 0
    assert shares["script"] == 50


def test_references_score_100_against_themselves() -> None:
    references = mini_references("ja", ["MINI0000001_0", "MINI0000002_1", "MINI0000003_2"])
    assert len(set(references)) == 3
    scores = reference_scores(references, references, "ja")
    assert scores["chrf"] == pytest.approx(100)
    assert scores["bleu"] == pytest.approx(100)
    assert "char" in scores["bleu_signature"]
    assert json.loads(json.dumps(scores)) == scores
    worse = reference_scores([text[: len(text) // 2] for text in references], references, "ja")
    assert worse["chrf"] < 70
