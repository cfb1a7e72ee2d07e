"""Is a number's unit kept? ``350 °F`` may not become ``350 °C``, nor 200 g 200 kg, nor 5 minutes 5 hours.

Only a contradiction is a fault: the same number with another unit of the same kind, and nowhere with its own. A unit
that is left out, or a value that is converted, is for other checks to judge.
"""

import re
from collections import defaultdict

# For each kind, each unit's spellings: in English first, then in other languages. A spelling is a regular expression.
_KINDS: dict[str, dict[str, str]] = {
    "temperature": {
        "°F": r"(?:°|º|˚|degrees?|deg|grad[ioy]?s?|grados|degrés|stupňů|градус\w*|độ|度)?\s*"
        r"(?:f\b|f(?=[^\w]|$)|fahrenheit\w*|фаренгейт\w*|华氏度?|華氏)|℉|华氏度?|華氏",
        "°C": r"(?:°|º|˚|degrees?|deg|grad[ioy]?s?|grados|degrés|stupňů|градус\w*|độ|度)?\s*"
        r"(?:c\b|celsius\w*|centigrade|цельси\w*|摄氏度?|摂氏|攝氏度?)|℃|摄氏度?|摂氏",
    },
    "mass": {
        "g": r"g\b|gr\b|grams?\b|gramm\w*|grammes?\b|gramos?\b|gram[uyů]?\b|г\b|гр\b|грамм\w*|克|グラム",
        "kg": r"kg\b|kilos?\b|kilograms?\b|kilogramm\w*|kilogrammes?\b|kilogramos?\b|кг\b|килограмм\w*|千克|公斤|キロ",
        "oz": r"oz\b|ounces?\b|unzen?\b|onces?\b|onzas?\b|unc[ei]\b|унци\w*|盎司|オンス",
        "lb": r"lbs?\b|pounds?\b|pfund\b|livres?\b|libras?\b|liber\b|libr[ay]?\b|фунт\w*|磅|ポンド",
    },
    "volume": {
        "ml": r"ml\b|millilit\w+|mililit\w+|мл\b|миллилитр\w*|毫升|ミリリットル",
        "l": r"l\b|lit(?:er|re|ro)s?\b|litr[uyů]?\b|л\b|литр\w*|升|リットル",
    },
    "length": {
        "inch": r"inch(?:es)?\b|\"|zoll\b|pouces?\b|palc\w*|дюйм\w*|pulgadas?\b|英寸|インチ",
        "cm": r"cm\b|centimet\w+|centimèt\w+|centímet\w+|zentimeter\w*|см\b|сантиметр\w*|厘米|公分|センチ",
        "mm": r"mm\b|millimet\w+|milimet\w+|milímet\w+|мм\b|миллиметр\w*|毫米|ミリ(?!リットル)",
    },
    "time": {
        "second": r"s(?:ec(?:ond)?s?)?\b|sekunden?\b|secondes?\b|segundos?\b|sekund\w*|секунд\w*|сек\b|giây|秒",
        "minute": r"min(?:ute)?s?\b|minuten?\b|minutos?\b|minut\w*|минут\w*|мин\b|phút|分钟|分鐘|分(?!の|之)",
        "hour": r"h(?:(?:ou)?rs?)?\b|stunden?\b|heures?\b|horas?\b|hodin\w*|час\w*|tiếng|giờ|小时|小時|时间|時間",
        "day": r"days?\b|tage?n?\b|jours?\b|días?\b|d(?:en|ny|ní)\b|день|дн(?:я|ей)\b|сут\w+|ngày|天|日(?!本)",
    },
}
_NUMBER = r"(?<![\d.,/])(\d+(?:[.,]\d+)?|\d+/\d+)\s*-?\s*"
_PATTERNS = {
    kind: re.compile(
        _NUMBER + "(?:" + "|".join(f"(?P<u{place}>{spelled})" for place, spelled in enumerate(units.values())) + ")",
        re.IGNORECASE,
    )
    for kind, units in _KINDS.items()
}


def unit_changed(caption: str, text: str) -> str | None:
    """What is wrong with the units of a translation, in words; ``None`` if no unit is contradicted.

    The caption is English, the text in any of the nine languages; spellings that are not known are no contradiction.

    >>> unit_changed("bake at 350°F", "bei 350 °C backen")
    '350 °F became 350 °C'
    """
    for kind, units in _KINDS.items():
        said, written = _units(kind, caption), _units(kind, text)
        for number, wanted in said.items():
            found = written.get(number, set())
            if found and not found & wanted and len(wanted) == 1:
                names = list(units)
                return f"{number} {names[min(wanted)]} became {number} {names[min(found)]}"
    return None


def _units(kind: str, text: str) -> dict[str, set[int]]:
    """For each number, which units of a kind stand behind it, by their place in the table."""
    found: dict[str, set[int]] = defaultdict(set)
    for match in _PATTERNS[kind].finditer(" ".join(text.split())):  # of many blanks the time grew with their cube
        place = next(place for place in range(len(_KINDS[kind])) if match[f"u{place}"] is not None)
        found[match[1].replace(",", ".")].add(place)
    return found
