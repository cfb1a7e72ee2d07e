"""Are a caption's numbers kept? Digits in any notation, fractions, and number words of nine languages.

A value of the caption counts as kept if the translation has it in digits (``1.5``, ``1,5``, ``1 1/2``, ``1½``) or as
a word of its language. Only English words are values on the left ("one" is not: it is a pronoun as often). A value in
the translation's digits that the caption has in no form counts as added.
"""

import re
import unicodedata
from fractions import Fraction

from .number_words import NO_NUMBERS, STEMS

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)

_ONE_TO_TWENTY = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_WORDS: dict[str, Fraction] = {
    **{word: Fraction(value) for value, word in enumerate(_ONE_TO_TWENTY.split(), 1)},
    **{word: Fraction(10 * tens) for tens, word in enumerate(_TENS.split(), 3)},
    **dict.fromkeys(("half", "halves"), HALF),
    **dict.fromkeys(("quarter", "quarters"), QUARTER),
}
_UNCHECKED = {"one"}
# English words that a translation may well write in digits, though they are not checked to be kept.
_LOOSE: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("a", "an", "one", "once", "single", "first", "each", "another"), (1,)),
    **dict.fromkeys(
        ("both", "pair", "twice", "double", "doubled", "doubles", "second", "half", "halves", "halved"), (2,)
    ),
    **dict.fromkeys(("third", "thirds", "thrice"), (3,)),
    **dict.fromkeys(("fourth", "fourths", "quarter", "quarters", "quartered"), (4,)),
    "couple": (2, 3),
    "dozen": (12,),
}
_NAMES = re.compile(r"\bhalf[- ]?(?:and|n|&)?[- ]?half\b|\bfive[- ]spice\b")  # of light cream and of a spice
_COMPOSED = re.compile(
    r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](?:one|two|three|four|five|six"
    r"|seven|eight|nine)\b|\b[a-z]+ hundred\b"
)  # "twenty five": too many ways to say it
_SUM = re.compile(r"\b([a-z]+|\d+) (?:and (?:a )?(half)|(quarter)s)\b")  # "two and a half", "three quarters"
# What is as good as a word: half a thing is one of 2 halves, a quarter one of 4, half an hour 30 minutes.
_AS_GOOD = {HALF: Fraction(2), QUARTER: Fraction(4)}
_HOUR = {
    HALF: (Fraction(30), re.compile(r"\bhalf[- ](?:an )?hour")),
    QUARTER: (Fraction(15), re.compile(r"\bquarter (?:of an )?hour")),
}

_UNSPACED = {"zh", "ja"}

_AND = r"\s*(?:and|und|et|a|y|и|và|と|又)\s*"
_N = r"(\d{1,12})"
_TOKEN = re.compile(rf"{_N}(?:\s+|-|{_AND}){_N}/{_N}|{_N}/{_N}|\d{{1,12}}(?:[.,]\d{{1,12}})*")
_APART = re.compile(rf"(?<![\d/.,]){_N}(?![/.,]?\d)\s?([^\W\d]+){_AND}{_N}/{_N}(?![/\d])")  # "1 taza y 1/2"
_DOZENS = re.compile(r"(?<![\d/.,])(\d{1,2})(?:[- ]|\s+)dozens?\b|\b([a-z]+) dozens?\b")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def numbers_changed(caption: str, text: str, lang: str) -> str | None:
    """What is wrong with the numbers of a translation, in words; ``None`` if they are kept.

    >>> numbers_changed("add 1.5 cups of milk", "1,5 Tassen Milch zugeben", "de") is None
    True
    >>> numbers_changed("add two eggs", "agregue los huevos", "es")
    '2 is lost'
    """
    caption = _NAMES.sub(" ", caption.lower())
    words = re.findall(r"[a-z]+", caption)
    read, found = _digits(caption), _digits(text)
    required = {token[0] for token in read}
    spelled = _spelled_values(caption) - required if lang in STEMS else set()
    hours = {value: minutes for value, (minutes, said) in _HOUR.items() if said.search(caption)}
    # "1/2" is not also a 1 and a 2 where it is itself asked for
    asked = required | spelled
    values = {value for token in found for value in (token[:1] if token[0] in asked else token)}
    plainly = {token[0] for token in found} | (apart := _apart(text))
    values |= apart
    known_sums: set[Fraction] = set()
    for match in _DOZENS.finditer(caption):
        dozens = Fraction(match[1]) if match[1] else _WORDS.get(match[2])
        if dozens is not None and 12 * dozens in plainly:
            spelled, required = spelled - {dozens}, required - {dozens}
            known_sums.add(12 * dozens)
    for match in _SUM.finditer(caption):
        part = HALF if match[2] else QUARTER
        number = _WORDS.get(match[1], Fraction(match[1]) if match[1].isdigit() and len(match[1]) < 4 else None)
        if number is not None and (number + part if match[2] else number * part) in plainly:
            spelled, required = spelled - {part, number}, required - {number}
    for value in sorted(required | spelled):
        if value in values or _said(value, text, lang):
            continue
        as_good = {_AS_GOOD.get(value), hours.get(value)} - {None} if value in spelled else set()
        if not any(other in plainly or _said(other, text, lang) for other in as_good if other is not None):
            return f"{value} is lost"
    if _COMPOSED.search(caption) or _SUM.search(caption):
        return None  # there are too many ways to say it to know what is added
    known = {value for token in read for value in token} | {_WORDS[word] for word in words if word in _WORDS}
    known |= {Fraction(value) for word in words for value in _LOOSE.get(word, ())} | set(hours.values()) | known_sums
    if lang in _UNSPACED:
        known.add(Fraction(1))  # counters ask for it: もう1枚, 1つずつ, 1時間ごとに
    for token in found:
        if not known.intersection(token):
            return f"{token[0]} is added"
    return None


def _apart(text: str) -> set[Fraction]:
    """Mixed numbers with a word inside, as Spanish says "1 taza y 1/2"."""
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
    return {Fraction(int(m[3]), int(m[4])) + int(m[1]) for m in _APART.finditer(text) if int(m[4])}


def _spelled_values(caption: str) -> set[Fraction]:
    """The values of the caption's number words, but for composed ones."""
    words = re.findall(r"[a-z]+", _COMPOSED.sub(" ", caption))
    return {_WORDS[word] for word in words if word in _WORDS and word not in _UNCHECKED}


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
    english = digits.replace(",", "") if _THOUSANDS.fullmatch(digits) else digits
    swapped = digits.translate(str.maketrans(",.", ".,"))  # as most of Europe writes it
    european = swapped.replace(",", "") if _THOUSANDS.fullmatch(swapped) else swapped
    return tuple(dict.fromkeys(Fraction(reading) for reading in (english, european) if _PLAIN.fullmatch(reading)))


def _said(value: Fraction, text: str, lang: str) -> bool:
    stems = STEMS.get(lang, {}).get(str(value), "").split()
    if not stems:
        return False  # before a long text is read for each of its numbers
    text = unicodedata.normalize("NFC", text).casefold()
    for name in NO_NUMBERS.get(lang, "").split():
        text = text.replace(name, "")
    if lang in _UNSPACED:
        return any(stem in text for stem in stems)
    return any(re.search(_pattern(stem), text) for stem in stems)


def _pattern(stem: str) -> str:
    core = re.escape(stem.strip("*$"))
    return ("" if stem[0] == "*" else r"(?<!\w)") + core + (r"(?!\w)" if stem[-1] == "$" else "")
