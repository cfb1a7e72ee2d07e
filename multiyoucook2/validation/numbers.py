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
_LOOSE: dict[str, tuple[int, ...]] = {
    "a": (1,), "an": (1,), "one": (1,), "once": (1,), "single": (1,), "first": (1,), "each": (1,), "another": (1,),
    "couple": (2, 3), "both": (2,), "pair": (2,), "twice": (2,), "double": (2,), "doubled": (2,),
    "doubles": (2,), "second": (2,), "halves": (2,),
    "half": (2,), "halved": (2,), "third": (3,), "thirds": (3,), "thrice": (3,), "fourth": (4,), "fourths": (4,),
    "quartered": (4,), "quarter": (4,), "quarters": (4,), "dozen": (12,),
}  # fmt: skip
# What is as good as a value: half a thing is one of 2 halves, a quarter one of 4.
_ALSO = {HALF: {Fraction(2)}, QUARTER: {Fraction(4)}}
_CREAM = re.compile(r"\bhalf[- ]?(?:and|n|&)?[- ]?half\b")  # the American name of light cream is no number
_MINUTES = {
    Fraction(30): re.compile(r"\bhalf (?:an )?hour"),
    Fraction(15): re.compile(r"\bquarter (?:of an )?hour"),
}

_UNSPACED = {"zh", "ja"}

_AND = r"\s*(?:and|und|et|a|y|и|và|と|又)\s*"
_TOKEN = re.compile(rf"(\d+)(?:\s+|-|{_AND})(\d+)/(\d+)|(\d+)/(\d+)|\d+(?:[.,]\d+)*")


def numbers_changed(caption: str, text: str, lang: str) -> str | None:
    """What is wrong with the numbers of a translation, in words; ``None`` if they are kept.

    >>> numbers_changed("add 1.5 cups of milk", "1,5 Tassen Milch zugeben", "de") is None
    True
    >>> numbers_changed("add two eggs", "agregue los huevos", "es")
    '2 is lost'
    """
    caption = _CREAM.sub(" ", caption.lower())
    words = re.findall(r"[a-z]+", caption)
    read = _digits(caption)
    required = {token[0] for token in read}
    spelled = {_WORDS[word] for word in words if word in _WORDS and word not in _UNCHECKED} if lang in STEMS else set()
    found = _digits(text)
    values, plainly = {value for token in found for value in token}, {token[0] for token in found}
    minutes = {value for value, said in _MINUTES.items() if said.search(caption)}
    for value in sorted(required | spelled):
        if value in values or _spelled(value, text, lang):
            continue
        also = _ALSO.get(value, set()) | (minutes if value in _ALSO else set())
        if not any(other in plainly or _spelled(other, text, lang) for other in also):
            return f"{value} is lost"
    known = {value for token in read for value in token} | {_WORDS[word] for word in words if word in _WORDS}
    known |= {Fraction(value) for word in words for value in _LOOSE.get(word, ())} | minutes
    if lang in _UNSPACED:
        known.add(Fraction(1))  # counters ask for it: もう1枚, 1つずつ, 1時間ごとに
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
        if not bottom:
            return ()
        readings = (Fraction(top, bottom), Fraction(top), Fraction(bottom))
        whole, over = divmod(top, 10)
        if top > bottom > over > 0:  # "21/2 cups" are two and a half
            return (whole + Fraction(over, bottom), Fraction(over, bottom), Fraction(whole), *readings)
        return readings
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
    return any(
        re.search(re.escape(stem[1:]) if stem[0] == "*" else rf"(?<!\w){re.escape(stem)}", text) for stem in stems
    )
