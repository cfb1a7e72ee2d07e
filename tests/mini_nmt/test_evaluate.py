"""The figures of the model card, on outputs whose faults are known."""

import json
import re
from typing import Any

import pyarrow as pa
import pytest

from pipelines.mini_nmt.card import render_card
from pipelines.mini_nmt.evaluate import COLUMNS, REFERENCES
from pipelines.mini_nmt.grammar import MODULES, load_language
from pipelines.mini_nmt.measures import HeldOutList, caption_shares, held_out_lists, reference_scores, said_twice
from pipelines.mini_nmt.real import read_translations


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
    references = list(read_translations(REFERENCES / "ja.tsv").values())[:3]
    assert len(set(references)) == 3
    scores = reference_scores(references, [references], "ja")
    assert scores["chrf"] == pytest.approx(100)
    assert scores["bleu"] == pytest.approx(100)
    assert "char" in scores["bleu_signature"]
    assert json.loads(json.dumps(scores)) == scores
    worse = reference_scores([text[: len(text) // 2] for text in references], [references], "ja")
    assert worse["chrf"] < 70


def test_the_better_of_two_references_counts() -> None:
    texts = ["die Zwiebeln würfeln", "den Teig ausrollen"]
    others = ["Zwiebeln in Würfel schneiden", "den Teig ausrollen"]
    assert reference_scores(texts, [others, texts], "de")["chrf"] == pytest.approx(100)
    assert reference_scores(texts, [others], "de")["chrf"] < 100


@pytest.mark.parametrize(
    ("lang", "caption", "text", "unit"),
    [
        ("de", "add garlic and onion", "Knoblauch und Knoblauch zugeben", "knobl"),
        ("de", "add garlic and onion", "Knoblauch und Zwiebel zugeben", None),
        ("de", "add green onion and red onion", "Zwiebeln und rote Zwiebeln zugeben", None),  # so does the caption
        ("ru", "add salt and pepper", "добавьте перец и чёрный перец", "перец"),
        ("ja", "add onion and carrot", "玉ねぎと玉ねぎを加える", None),  # a mixed word: one kanji, then hiragana
        ("ja", "add tomato and corn", "トマトとトマトを加える", "トマ"),
        ("zh", "add onion and carrot", "加入洋葱和洋葱", "洋葱"),
        ("vi", "add onion and carrot", "thêm hành tây và hành tây", "hành tây"),
        ("vi", "add salt and pepper", "thêm muối và hạt tiêu", None),
        ("de", "bake 10 minutes", "10000 Minuten, 10000", None),  # numbers have a check of their own
    ],
)
def test_words_said_twice(lang: str, caption: str, text: str, unit: str | None) -> None:
    assert said_twice(caption, text, lang) == unit


def test_a_list_is_exact_or_not() -> None:
    held_out = HeldOutList("add salt, sea salt and oil to the pan", ["Salz", "Meersalz", "Öl"])
    assert held_out.exact("Salz, Meersalz und Öl in die Pfanne geben")
    assert held_out.kept("Salz, Salbei und Öl in die Pfanne geben") == 2
    for wrong in ("Meersalz und Öl", "Öl, Salz und Meersalz", "Salz, Meersalz, Öl und Öl", "Salz, Salz und Öl"):
        assert not held_out.exact(f"{wrong} in die Pfanne geben")


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_the_grammars_own_lists_are_exact(lang: str) -> None:
    lists = held_out_lists(lang, 64)
    assert {len(one.english.split(" and ")) for one in lists} >= {2}
    language = load_language(lang)
    for one in lists:
        assert one.exact(language.join(one.items)), one
        assert not one.exact(language.join(one.items[1:])), one


def test_the_card_has_every_figure_and_example() -> None:
    names = [*COLUMNS.values(), "bleu_interval", "chrf_signature", "bleu_signature", "clips", "captions"]
    figures: dict[str, dict[str, Any]] = {
        lang: {name: 1000 * row + column for column, name in enumerate(names)}
        for row, lang in enumerate(sorted(MODULES), start=1)
    }
    examples = {"abcdefghijk_3": {lang: f"a translation into {lang}" for lang in figures}}
    card = render_card(figures, examples, beam=7)
    for lang, row in figures.items():
        assert f"  - {lang}: a translation into {lang}" in card
        for name in COLUMNS.values():
            assert re.search(rf"\b{row[name]}\b", card), (lang, name)
    assert "- `abcdefghijk_3`\n" in card
    assert "beam 7" in card
