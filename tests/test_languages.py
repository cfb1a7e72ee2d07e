"""Languages by any usual spelling."""

import subprocess
import sys

import pytest

from multiyoucook2.engines.registry import MODELS
from multiyoucook2.errors import RecipeError
from multiyoucook2.languages import LANGUAGES, language
from multiyoucook2.text.language_id import script_share

SPELLINGS = {
    "de": "de DE deu ger German german Deutsch deu_Latn de-DE de_AT",
    "zh": "zh zh-CN zh_Hans zh-Hans-CN cmn cn zho_Hans Chinese 中文",
    "zh-Hant": "zh-TW zh_Hant zh-HK zho_Hant cmn-Hant",
    "ja": "ja jp jpn Japanese jpn_Jpan",
    "cs": "cs cz ces cze",
    "pt": "pt pt-BR pt_PT Portuguese",
    "ko": "ko Korean kor_Hang ko-KR",
    "he": "he iw",
    "nb": "no nb nob_Latn",
    "tl": "tl fil Tagalog tgl_Latn",
    "uk": "uk ua",
    "el": "el gr",
    "sr": "sr srp_Cyrl",
    "sr-Latn": "sr-Latn sh",
    "ar": "ar arb_Arab",
    "sw": "sw swh swa",
}


NAMES = {"Chinese (Simplified)": "zh", "Mandarin Chinese": "zh", "Castilian": "es", "Flemish": "nl", "Panjabi": "pa"}


@pytest.mark.parametrize(("spelled", "code"), NAMES.items())
def test_names_of_several_words_or_of_old(spelled: str, code: str) -> None:
    assert language(spelled).code == code


@pytest.mark.parametrize(("spelled", "code"), [(s, code) for code, many in SPELLINGS.items() for s in many.split()])
def test_usual_spellings(spelled: str, code: str) -> None:
    assert language(spelled).code == code


def test_every_row_is_found_by_its_code_flores_code_and_name() -> None:
    for code, row in LANGUAGES.items():
        assert language(code) == language(row.flores) == row
        assert language(row.name) == row


@pytest.mark.parametrize(
    ("spelled", "hint"),
    [("Germn", "'de' (German)"), ("koreann", "'ko' (Korean)"), ("xx", "mycook languages"), ("", "mycook languages"),
     ("kr", "'ko' for Korean"), ("../x", "mycook languages"), ("und", "mycook languages")],
)  # fmt: skip
def test_what_is_no_language(spelled: str, hint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        language(spelled)
    assert hint in caught.value.hint


def test_two_letters_are_not_guessed() -> None:
    with pytest.raises(RecipeError) as caught:
        language("kq")
    assert "did you mean" not in caught.value.hint


def test_models_speak_the_languages_of_their_makers() -> None:
    assert {"ko", "it", "zh-Hant"} <= set(MODELS["nllb-200-3.3B"].languages)
    assert MODELS["nllb-200-3.3B"].checkpoints["ko"].token == "kor_Hang"
    assert len(MODELS["nllb-200-3.3B"].languages) == 202
    assert len(MODELS["m2m100-418M"].languages) == 100
    assert MODELS["m2m100-418M"].checkpoints["nb"].token == "__no__"
    assert MODELS["madlad400-3b-mt"].checkpoints["he"].token == "<2iw>"


def test_scripts_of_languages_that_nobody_prepared() -> None:
    assert script_share("양파를 썰다", "ko") == 1.0
    assert script_share("chop the onion", "ko") == 0.0
    assert script_share("切洋蔥 chop", "zh-Hant") == pytest.approx(3 / 7)
    assert script_share("قطع البصل", "ar") == 1.0


def test_import_is_light() -> None:
    code = "import sys, multiyoucook2.languages; print({'langcodes', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
