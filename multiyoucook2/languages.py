"""The languages, one row each: the only place where a code, a name or a script is spelled."""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import RecipeError, nearest


@dataclass(frozen=True)
class Language:
    """One language. ``code`` is ISO 639-1, ``iso3`` ISO 639-3, ``script`` ISO 15924."""

    code: str
    name: str
    iso3: str
    script: str

    @property
    def flores(self) -> str:
        """The code that NLLB-200 and FLORES use, such as ``deu_Latn``."""
        return f"{self.iso3}_{self.script}"


LANGUAGES: dict[str, Language] = {
    row.code: row
    for row in (
        Language("en", "English", "eng", "Latn"),
        Language("de", "German", "deu", "Latn"),
        Language("fr", "French", "fra", "Latn"),
        Language("cs", "Czech", "ces", "Latn"),
        Language("zh", "Chinese", "zho", "Hans"),
        Language("ru", "Russian", "rus", "Cyrl"),
        Language("vi", "Vietnamese", "vie", "Latn"),
        Language("es", "Spanish", "spa", "Latn"),
        Language("ja", "Japanese", "jpn", "Jpan"),
        Language("sw", "Swahili", "swh", "Latn"),
        Language("hi", "Hindi", "hin", "Deva"),
        Language("mr", "Marathi", "mar", "Deva"),
        Language("ta", "Tamil", "tam", "Taml"),
        Language("te", "Telugu", "tel", "Telu"),
        Language("kn", "Kannada", "kan", "Knda"),
        Language("ml", "Malayalam", "mal", "Mlym"),
    )
}
ALIASES = {"cz": "cs"}  # the C2KD reference code spells Czech so
YOUCOOK2_LANGUAGES = ("en", "de", "fr", "cs", "zh", "ru", "vi", "es", "ja")


def language(code: str) -> Language:
    """The row of a language code, ``cz`` accepted for ``cs``.

    Raises:
        RecipeError: nobody knows the code; the message names the nearest known ones.
    """
    key = ALIASES.get(code.strip().lower(), code.strip().lower())
    if key not in LANGUAGES:
        raise RecipeError(f"unknown language {code!r}", hint=nearest(key, LANGUAGES))
    return LANGUAGES[key]


def parse_languages(text: str, every: Iterable[str] = YOUCOOK2_LANGUAGES) -> tuple[str, ...]:
    """``"de,ja"`` -> ``("de", "ja")``; ``"all"`` -> ``every``. Doubles are dropped, order is kept."""
    codes = language_codes(text)
    return tuple(every) if codes is None else tuple(dict.fromkeys(language(code).code for code in codes))


def language_codes(text: str) -> tuple[str, ...] | None:
    """``"en, cz"`` -> ``("en", "cs")``, each once, whether or not the table has them; ``"all"`` -> ``None``.

    Raises:
        RecipeError: there is none.
    """
    codes = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not codes:
        raise RecipeError("no language given", hint="e.g. --langs de,ja or --langs all")
    return None if codes == ["all"] else tuple(dict.fromkeys(ALIASES.get(code, code) for code in codes))
