"""Vietnamese: no inflection; classifiers with counts, modifiers after the noun, and a verb that fits the food."""

import re

from .base import Clause, NounPhrase, PlacePhrase, TargetLanguage

NUMBERS = {
    "a": "một", "one": "một", "two": "hai", "three": "ba", "four": "bốn", "five": "năm", "six": "sáu", "eight": "tám",
    "ten": "mười", "half": "nửa", "few": "vài",
}  # fmt: skip
MIXING = re.compile(r"^(?:trộn|khuấy|đảo|đánh)\b")
LAST = {"còn lại", "còn thừa", "thêm"}
COUNT = r"(?:một ít |một chút |(?:[\d/\-]+|một|hai|ba|bốn|vài|nửa) (?:thìa canh |thìa cà phê |\S+ )?)?"
STIRRED = "hành|tỏi|gừng|rau|nấm|ớt|cà rốt|cần tây|bắp cải|giá|cải|thịt băm|thịt xay|măng|ngô|sả"
LIQUIDS = "nước|sữa|kem|súp|rượu|giấm|bia|chất lỏng|sốt|trà"
SHELLED = "tỏi|tép tỏi|hành|tôm|trứng|cam|cua|ngao|ốc|hạt|lạc|đậu|mực|ngô|cà chua|lựu|chuối|dừa"


class Vietnamese(TargetLanguage):
    code = "vi"
    conjunction = "và"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """Amount + classifier or unit + noun + modifiers, the nearest first; "a" counts except for tools."""
        noun, classifier = self.nouns[np.noun]["text"], self.nouns[np.noun]["clf"]
        words = [self.modifiers[m]["text"] for m in reversed(np.modifiers)]
        words.sort(key=lambda word: word in LAST)
        core = " ".join([noun, *words])
        number = NUMBERS.get(np.amount, np.amount)
        if np.unit:
            unit = self.units[np.unit]["text"]
            if np.unit in {"inch", "cm"}:
                return f"đoạn {core} dài {number} {unit}"
            if np.unit == "head" and "tỏi" in noun:
                unit = "củ"
            if noun.startswith(f"{unit} "):
                return f"{number} {core}"
            return f"{number} {unit} {core}"
        if np.amount == "little":
            return f"một chút {core}"
        if np.amount:
            return " ".join(f"{number} {classifier} {core}".split())
        if np.det == "some":
            return f"một ít {core}"
        if np.noun in {"pinch_of_salt", "cup_of_water"} or (np.det == "a" and np.cls != "tool"):
            return " ".join(f"một {classifier} {core}".split())
        return core

    def place(self, place: PlacePhrase, form: str) -> str:
        """``to`` vào chảo / lên đĩa, ``in`` trong / trên, ``from`` khỏi, ``over`` sang."""
        row = self.places[place.place]
        word = {"to": row["to"], "in": row["in"], "from": "khỏi", "over": "sang"}.get(form, "")
        return f"{word} {row['text']}".strip()

    def duration(self, number: str, unit: str, form: str) -> str:
        """``for``: trong 5 phút."""
        words = f"{NUMBERS.get(number, number)} {self.units[unit]['text']}"
        return f"trong {words}" if form == "for" else words

    def temperature(self, number: str, unit: str) -> str:
        return f"{number} {self.units[unit]['text']}"

    def join(self, items: list[str]) -> str:
        """A, B và C; "salt and pepper" counts as two."""
        return super().join([part for item in items for part in item.split(" và ")])

    def fill(self, clause: Clause) -> str:
        """A frame's ``{food}+{food2}`` is one list; then the verb is made to fit the food."""
        first, second = clause.fills.get("food"), clause.fills.get("food2")
        if "{food}+{food2}" in self.frames[clause.frame] and isinstance(first, list) and isinstance(second, list):
            clause = Clause(clause.frame, {**clause.fills, "food": [*first, *second], "food2": []})
        return settle(super().fill(clause).replace("+", ""))

    def clauses(self, clauses: list[str]) -> str:
        """A, B rồi C; a clause of mixing is linked with "và"."""
        if len(clauses) < 2:
            return "".join(clauses)
        link = "và" if MIXING.match(clauses[-1]) and " và " not in clauses[-2] else "rồi"
        return ", ".join(clauses[:-1]) + f" {link} {clauses[-1]}"


def settle(text: str) -> str:
    """Generic verbs made exact: fried vegetables are "xào", rice "rang", liquids "đun sôi", garlic is "bóc vỏ"."""
    text = re.sub(rf"\brán (?={COUNT}(?:{STIRRED})\b)", "xào ", text)
    text = re.sub(rf"\brán (?={COUNT}cơm\b)", "rang ", text)
    text = re.sub(rf"\bluộc (?={COUNT}(?:{LIQUIDS})\b)", "đun sôi ", text)
    text = re.sub(rf"\bluộc (?={COUNT}cơm\b)", "nấu ", text)
    text = re.sub(rf"\bgọt vỏ (?=(?:và thái \S+ )?{COUNT}(?:{SHELLED})\b)", "bóc vỏ ", text)
    text = re.sub(r"\b(rửa sạch|rửa|ngâm|vo)( và .*?)? cơm\b", r"\1\2 gạo", text)
    text = re.sub(r"\bmột ít (?=(?:một|hai|ba|bốn|năm|sáu|tám|mười|vài|nửa|\d\S*) )", "", text)
    return re.sub(r"\b(trong|trên) (?:trong|trên) ", r"\1 ", text)
