"""Are a caption's numbers kept? Digits in any notation, fractions, and number words of nine languages.

A value of the caption counts as kept if the translation has it in digits (``1.5``, ``1,5``, ``1 1/2``, ``1½``) or as
a word of its language. Only English words are values on the left ("one" is not: it is a pronoun as often). A value in
the translation's digits that the caption has in no form counts as added.
"""

import re
import unicodedata
from fractions import Fraction

from .number_words import STEMS

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)

_ONE_TO_TWENTY = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_WORDS: dict[str, Fraction] = {
    **{word: Fraction(value) for value, word in enumerate(_ONE_TO_TWENTY.split(), 1)},
    "thirty": Fraction(30),
    "forty": Fraction(40),
    "fifty": Fraction(50),
    "sixty": Fraction(60),
    "hundred": Fraction(100),
    "half": HALF,
    "halves": HALF,
    "quarter": QUARTER,
    "quarters": QUARTER,
}
_UNCHECKED = {"one"}
# English words that a translation may well write in digits, though they are not checked to be kept.
_LOOSE = {
    "a": 1, "an": 1, "one": 1, "once": 1, "single": 1, "first": 1, "each": 1, "another": 1, "couple": 2,
    "both": 2, "pair": 2, "twice": 2, "second": 2, "halves": 2, "half": 2,
    "third": 3, "thirds": 3, "fourth": 4, "quarters": 4, "dozen": 12,
}  # fmt: skip

_UNSPACED = {"zh", "ja"}

_TOKEN = re.compile(r"(\d+)(?:\s+|-|\s+and\s+)(\d+)/(\d+)|(\d+)/(\d+)|\d+(?:[.,]\d+)*")


def numbers_changed(caption: str, text: str, lang: str) -> str | None:
    """What is wrong with the numbers of a translation, in words; ``None`` if they are kept.

    >>> numbers_changed("add 1.5 cups of milk", "1,5 Tassen Milch zugeben", "de") is None
    True
    >>> numbers_changed("add two eggs", "agregue los huevos", "es")
    '2 is lost'
    """
    words = re.findall(r"[a-z]+", caption.lower())
    required = {value for token in _digits(caption) for value in token[:1]}
    spelled = {_WORDS[word] for word in words if word in _WORDS and word not in _UNCHECKED} if lang in STEMS else set()
    found = _digits(text)
    values = {value for token in found for value in token}
    for value in sorted(required | spelled):
        if value not in values and not _spelled(value, text, lang):
            return f"{value} is lost"
    known = {value for token in _digits(caption) for value in token} | {
        _WORDS[word] for word in words if word in _WORDS
    }
    known |= {Fraction(_LOOSE[word]) for word in words if word in _LOOSE}
    for token in found:
        if not known.intersection(token):
            return f"{token[0]} is added"
    return None


def _digits(text: str) -> list[tuple[Fraction, ...]]:
    """The numbers written in digits, each with all values that its notation can mean, the English reading first."""
    text = "".join(f" {c}" if unicodedata.category(c) == "No" else c for c in text)  # 1½ -> 1 ½
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
    return [values for match in _TOKEN.finditer(text) if (values := _values(match))]


def _values(match: re.Match[str]) -> tuple[Fraction, ...]:
    whole, over, under, alone_over, alone_under = match.groups()
    if under and int(under):
        return Fraction(int(over), int(under)) + int(whole), Fraction(int(over), int(under)), Fraction(int(whole))
    if alone_under:
        top, bottom = int(alone_over), int(alone_under)
        return (Fraction(top, bottom), Fraction(top), Fraction(bottom)) if bottom else ()
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in match.group())
    plain = [
        _plain(digits.replace(",", "")),
        _plain(digits.replace(".", "").replace(",", ".")),
        _plain(digits.replace(".", "")),
    ]
    return tuple(dict.fromkeys(value for value in plain if value is not None))


def _plain(digits: str) -> Fraction | None:
    return Fraction(digits) if re.fullmatch(r"[0-9]{1,40}(\.[0-9]{1,40})?", digits) else None


def _spelled(value: Fraction, text: str, lang: str) -> bool:
    stems = STEMS.get(lang, {}).get(str(value), "").split()
    text = unicodedata.normalize("NFC", text).casefold()
    if lang in _UNSPACED:
        return any(stem in text for stem in stems)
    return any(re.search(rf"(?<!\w){re.escape(stem.casefold())}", text) for stem in stems)
