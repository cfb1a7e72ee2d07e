"""The languages: the only place where a code, a name or a script is spelled, and where any usual spelling is read."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from .errors import RecipeError
from .languages_table import TABLE


@dataclass(frozen=True)
class Language:
    """One language. ``code`` is ours, as in ``de`` or ``zh-Hant``; ``iso3`` is ISO 639-3, ``script`` ISO 15924."""

    code: str
    name: str
    iso3: str
    script: str

    @property
    def flores(self) -> str:
        """The code that NLLB-200 and FLORES use, such as ``deu_Latn``."""
        return f"{self.iso3}_{self.script}"


def _row(line: str) -> Language:
    code, flores, name = line.split(" ", 2)
    return Language(code, name, *flores.split("_"))


LANGUAGES: dict[str, Language] = {row.code: row for row in map(_row, TABLE.strip().splitlines())}
YOUCOOK2_LANGUAGES = ("en", "de", "fr", "cs", "zh", "ru", "vi", "es", "ja")
PAPER_LANGUAGES = tuple(LANGUAGES)[:16]  # of all data sets of the C2KD paper
# What people write and no standard knows: countries' codes for languages. C2KD's code has "cz", for one.
ALIASES = {"cz": "cs", "jp": "ja", "cn": "zh", "ua": "uk", "gr": "el", "dk": "da", "vn": "vi", "sp": "es", "ge": "ka"}
_AMBIGUOUS = {"kr": "it is Kanuri's code and Korea's: write 'ko' for Korean, 'knc' for Kanuri"}
_OWN_NAMES = {
    "deutsch": "de", "français": "fr", "čeština": "cs", "русский": "ru", "tiếng việt": "vi", "español": "es",
    "日本語": "ja", "한국어": "ko", "italiano": "it", "polski": "pl", "türkçe": "tr", "nederlands": "nl",
    "українська": "uk", "हिन्दी": "hi", "العربية": "ar", "svenska": "sv", "ελληνικά": "el", "magyar": "hu",
}  # fmt: skip
_UNUSUAL = {
    **dict.fromkeys(("chinese simplified", "simplified chinese", "chinese (simplified)", "hans"), "zh"),
    **dict.fromkeys(("mandarin", "mandarin chinese", "cmn", "中文"), "zh"),
    **dict.fromkeys(("traditional chinese", "hant"), "zh-Hant"),
    **dict.fromkeys(("no", "norwegian bokmål"), "nb"),
    **dict.fromkeys(("fil", "tagalog"), "tl"),
    "farsi": "fa",
    "castilian": "es",
    "flemish": "nl",
    "panjabi": "pa",
    **dict.fromkeys(("brazilian portuguese", "brazilian", "português"), "pt"),
    **_OWN_NAMES,
}


@cache
def language(text: str) -> Language:
    """The language of a code or name, in any usual spelling: ``de``, ``deu_Latn``, ``zh-CN``, ``pt-BR``, ``Korean``.

    A region is left out unless it stands for another script (``zh-TW`` is ``zh-Hant``). A language that no model here
    is known to speak is still one, if it has a code of ISO 639.

    Raises:
        RecipeError: nobody knows it; the hint names the nearest known ones.
    """
    key = " ".join(text.replace("_", "-").casefold().split())
    if key in _AMBIGUOUS:
        raise RecipeError(f"language {text!r} is ambiguous", hint=_AMBIGUOUS[key])
    key = _UNUSUAL.get(key, ALIASES.get(key, key)).casefold()
    found = _by_spelling().get(key) or _by_standard(key)
    if found is None:
        raise RecipeError(f"unknown language {text!r}", hint=_suggestions(key))
    return found


@cache
def _by_spelling() -> dict[str, Language]:
    """Our codes, FLORES' codes and names, in lower case."""
    rows = LANGUAGES.values()
    spelled = {row.name.casefold(): row for row in rows} | {row.iso3: row for row in reversed(rows)}
    return (
        spelled
        | {row.flores.replace("_", "-").casefold(): row for row in rows}
        | {row.code.casefold(): row for row in rows}
    )


def _by_standard(tag: str) -> Language | None:
    """The language of a BCP 47 tag: by its language and the script that it has or that its region implies."""
    import langcodes

    try:
        parsed = langcodes.Language.get(re.sub("^cmn-", "zh-", tag))
    except ValueError:
        return None
    if not parsed.is_valid() or not parsed.language or parsed.language in ("und", "mul", "zxx", "mis"):
        return None
    row = _by_spelling().get(parsed.language)
    script = parsed.maximize().script or ""
    if row and ((not parsed.script and not parsed.territory) or script == row.script):
        return row
    if row and not parsed.script and script == langcodes.Language.get(parsed.language).maximize().script:
        return row  # a region that implies no other script
    named = f"{row.code if row else parsed.language}-{script}".casefold()
    if named in _by_spelling():
        return _by_spelling()[named]
    code = f"{row.code}-{script}" if row else parsed.language
    return Language(code, f"{row.name} ({script})" if row else code, parsed.to_alpha3(), script)


def _suggestions(key: str) -> str:
    """The languages that may be meant. Two letters resemble too many codes: only names and longer codes are guessed."""
    close = difflib.get_close_matches(key, _by_spelling(), n=3, cutoff=0.7) if len(key) > 2 else []
    meant = dict.fromkeys(f"{_by_spelling()[name].code!r} ({_by_spelling()[name].name})" for name in close)
    asked = f"did you mean {' or '.join(meant)}? " if meant else ""
    return f"{asked}Codes such as de, zh-Hant, or names such as Korean; mycook languages lists them"


def parse_languages(text: str, every: Iterable[str] = YOUCOOK2_LANGUAGES) -> tuple[str, ...]:
    """``"de,ja"`` -> ``("de", "ja")``; ``"all"`` -> ``every``. Doubles are dropped, order is kept."""
    named = named_languages(text)
    return tuple(every) if named is None else named


def named_languages(text: str | None) -> tuple[str, ...] | None:
    """The languages that an option names one by one; ``None`` where it is not given, or is ``"all"``."""
    parts = None if text is None else _parts(text)
    return None if parts is None else tuple(dict.fromkeys(language(part).code for part in parts))


def language_codes(text: str) -> tuple[str, ...] | None:
    """``"en, German, xx"`` -> ``("en", "de", "xx")``, each once; what nobody knows stays, as a data set may have it.

    ``"all"`` -> ``None``.

    Raises:
        RecipeError: there is none.
    """
    parts = _parts(text)
    return None if parts is None else tuple(dict.fromkeys(_code(part) for part in parts))


def _code(text: str) -> str:
    try:
        return language(text).code
    except RecipeError:
        return text


def _parts(text: str) -> list[str] | None:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise RecipeError("no language given", hint="e.g. --langs de,ja or --langs all")
    return None if [part.lower() for part in parts] == ["all"] else parts
