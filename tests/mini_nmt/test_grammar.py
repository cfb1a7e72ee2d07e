"""The synchronous grammar: complete, deterministic, and clean in every language."""

import re
from collections import Counter

import pytest

from multiyoucook2.text.language_id import script_share
from multiyoucook2.text.numbers import numbers_changed
from pipelines.mini_nmt.grammar import MODULES, Sampler, load_language
from pipelines.mini_nmt.grammar.base import Clause, NounPhrase, PlacePhrase, Quantity, check_ids

ONIONS = NounPhrase("onions", "veg", "pl", "the", ("chopped",))
ADD = Clause("add_food_to_place_to", {"food": [ONIONS], "place": PlacePhrase("pan", "the")})
STIR = Clause("stir")


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_lexicon_matches_the_english_files(lang: str) -> None:
    assert check_ids(lang) == []


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_captions_are_clean(lang: str) -> None:
    language, sampler = load_language(lang), Sampler(seed=4)
    for caption in [sampler.caption() for _ in range(800)] + [sampler.list_caption() for _ in range(300)]:
        text = language.realise(caption.clauses, caption.opener)
        assert text, caption.english
        assert not re.search(r"[{}\[\]<>@^|_]|\s[,，、]|  |^\s|\s$", text), (caption.english, text)
        assert script_share(text, lang) in (None, 1.0) or lang in "zh ja ru", (caption.english, text)


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_numbers_survive(lang: str) -> None:
    language, sampler = load_language(lang), Sampler(seed=5)
    changed = total = 0
    for _ in range(1500):
        caption = sampler.caption()
        if re.search(r"\d", caption.english):
            text = language.realise(caption.clauses, caption.opener)
            total += 1
            changed += numbers_changed(caption.english, text, lang) is not None
    assert total > 120
    assert changed <= 0.03 * total, f"{changed} of {total}"


def test_samples_are_reproducible() -> None:
    first, second = Sampler(seed=6), Sampler(seed=6)
    assert [first.caption() for _ in range(50)] == [second.caption() for _ in range(50)]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("de", "die gehackten Zwiebeln in die Pfanne geben und umrühren"),
        ("fr", "ajoutez les oignons hachés dans la poêle et remuez"),
        ("es", "añade las cebollas picadas a la sartén y remueve"),
        ("cs", "přidejte nakrájené cibule na pánev a zamíchejte"),
        ("ru", "добавьте нарезанный лук в сковороду и перемешайте"),
    ],
)
def test_inflection(lang: str, text: str) -> None:
    assert load_language(lang).realise([ADD, STIR]) == text


@pytest.mark.parametrize(
    ("lang", "one", "five"),
    [("cs", "1 minutu", "5 minut"), ("ru", "1 минуту", "5 минут"), ("de", "1 Minute", "5 Minuten")],
)
def test_agreement_after_numbers(lang: str, one: str, five: str) -> None:
    language = load_language(lang)
    for number, words in (("1", one), ("5", five)):
        clause = Clause("cook_time_until", {"time": Quantity(number, "minute")})
        assert words in language.realise([clause])


def test_lists_are_long_unusual_and_kept_in_order() -> None:
    sampler, sizes, company = Sampler(seed=7), Counter[int](), Counter[str]()
    for _ in range(2000):
        items = max(
            (
                fill
                for clause in sampler.list_caption().clauses
                for fill in clause.fills.values()
                if isinstance(fill, list)
            ),
            key=len,
        )
        sizes[len(items)] += 1
        company.update({item.noun for item in items})
    assert set(sizes) >= set(range(2, 10))
    assert len(company) > 600  # nearly every food
    assert company["salt"] < 100  # and none everywhere
