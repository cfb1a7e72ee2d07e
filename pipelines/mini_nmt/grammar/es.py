"""Spanish: tú-imperatives, definite or no article, "el" before stressed a-, contractions."""

import re

from .base import NounPhrase, PlacePhrase
from .romance import ONE, Romance

WORDS = {
    "two": "dos",
    "three": "tres",
    "four": "cuatro",
    "five": "cinco",
    "six": "seis",
    "seven": "siete",
    "eight": "ocho",
    "ten": "diez",
    "twelve": "doce",
}
STRESSED_A = re.compile(r"(agua|alga|ala|asa)\b")


class Spanish(Romance):
    """Forms: "" bare nouns become definite; "ind" they stay bare; "tool" singular ones take "un"; "de" bare after "de";
    "du" and "a" the preposition "de" or "a" with the definite article."""

    code = "es"
    conjunction = "y"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        row = self.nouns[np.noun]
        preposition = {"de": "de ", "du": "de ", "a": "a "}.get(form, "")
        if row["art"] == "two":
            return preposition + self._pair(np, form)
        text, gender, plural, _ = self.described(np)
        if np.amount:
            return preposition + self._counted(np, text, gender, plural)
        if row["art"] == "no":
            return preposition + text
        definite = f"{preposition}{self._definite(text, gender, plural)} {text}"
        if form == "de" and row["art"] != "def":
            return f"de {text}"
        if row["art"] == "def" or np.det == "the":
            return definite
        if row["art"] == "num":
            return preposition + text
        if np.det == "a":
            return f"{preposition}{self._indefinite(text, gender, plural)} {text}"
        if np.det == "some" and form != "du":
            if plural:
                return f"{preposition}{'algunas' if gender == 'f' else 'algunos'} {text}"
            return f"{preposition}un poco de {text}"
        if form == "tool" and row["num"] == "sg":
            return f"{self._indefinite(text, gender, plural)} {text}"
        if form in {"ind", "tool"} or np.det == "some":
            return preposition + text
        return definite

    def _definite(self, text: str, gender: str, plural: bool) -> str:
        if plural:
            return "las" if gender == "f" else "los"
        return "la" if gender == "f" and not STRESSED_A.match(text) else "el"

    def _indefinite(self, text: str, gender: str, plural: bool) -> str:
        if plural:
            return "unas" if gender == "f" else "unos"
        return "una" if gender == "f" and not STRESSED_A.match(text) else "un"

    def _pair(self, np: NounPhrase, form: str) -> str:
        """Two nouns in one row ("sal+pimienta") have an article each, or neither has."""
        row = self.nouns[np.noun]
        pairs = list(zip(row["text"].split("+"), row["g"].split("+"), strict=True))
        if np.unit:
            return f"{self._amount(np)} de {pairs[0][0]} y {pairs[1][0]}"
        if form == "de" or (np.det != "the" and (form == "ind" or np.det == "some")):
            return " y ".join(text for text, _ in pairs)
        return " y ".join(f"{self._definite(text, gender, False)} {text}" for text, gender in pairs)

    def _number(self, number: str, gender: str) -> str:
        if number in {"one", "a"}:
            return "una" if gender == "f" else "un"
        return WORDS.get(number, number)

    def _amount(self, np: NounPhrase) -> str:
        """Amount with its unit: "2 cucharadas", "media taza", "unas gotas"."""
        unit = self.units["pinch" if np.unit == "dash" and np.cls != "liquid" else np.unit]
        if np.amount == "half":
            return f"{'media' if unit['g'] == 'f' else 'medio'} {unit['one']}"
        if np.amount in {"few", "little"}:
            return f"{'unas' if unit['g'] == 'f' else 'unos'} {unit['many']}"
        return f"{self._number(np.amount, unit['g'])} {unit['one' if np.amount in ONE else 'many']}"

    def _counted(self, np: NounPhrase, text: str, gender: str, plural: bool) -> str:
        if np.unit:
            return f"{self._amount(np)} de {text}"
        if np.amount == "half":
            return f"{'media' if gender == 'f' else 'medio'} {text}"
        if np.amount == "little" or (np.amount == "few" and not plural):
            return f"un poco de {text}"
        if np.amount == "few":
            return f"{'unas cuantas' if gender == 'f' else 'unos cuantos'} {text}"
        return f"{self._number(np.amount, gender)} {text}"

    def place(self, place: PlacePhrase, form: str) -> str:
        row = self.places[place.place]
        preposition = f"{row[form]} " if form in {"to", "in", "from"} else ""
        article = {"def": "the", "indef": "a", "bare": "bare"}.get(row["art"], place.det or "the")
        if article == "bare":
            return preposition + row["text"]
        word = self._indefinite if article == "a" else self._definite
        return f"{preposition}{word(row['text'], row['g'], False)} {row['text']}"

    def duration(self, number: str, unit: str, form: str) -> str:
        row = self.units[unit]
        if number == "half":
            text = "media hora"
        elif number == "few":
            text = f"{'unas' if row['g'] == 'f' else 'unos'} {row['many']}"
        else:
            text = f"{self._number(number, row['g'])} {row['one' if number in ONE else 'many']}"
        return f"durante {text}" if form == "for" else text

    def temperature(self, number: str, unit: str) -> str:
        return f"{number} {self.units[unit]['many']}"

    def finish(self, text: str) -> str:
        """Contraction ("de el" -> "del", "a el" -> "al") and "e" before i-."""
        text = re.sub(r"\bde el ", "del ", text)
        text = re.sub(r"\ba el ", "al ", text)
        return re.sub(r"\by (?=i|hi(?!e))", "e ", text)
