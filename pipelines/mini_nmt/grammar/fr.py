"""French: vous-imperatives, definite or partitive articles, elision and contraction."""

import re

from .base import NounPhrase, PlacePhrase
from .romance import ONE, Romance

WORDS = {
    "two": "deux",
    "three": "trois",
    "four": "quatre",
    "five": "cinq",
    "six": "six",
    "seven": "sept",
    "eight": "huit",
    "ten": "dix",
    "twelve": "douze",
}
ASPIRATED = "haricot|homard|houmous|hachis|hachoir|hot-dog|hamburger|huit|harissa"
VOWEL = rf"(?=(?!(?:{ASPIRATED})|onze)[aeiouhàâéèêëîïôûœAEIOUHÉÎ])"
PARTITIVE_CLASSES = {"spice", "liquid", "sweet", "dairy", "grain"}


class French(Romance):
    """Forms: "" bare nouns become definite; "ind" bare ones partitive when they stand alone; "part" partitive always;
    "de" bare after "de"; "du" and "a" the preposition with the definite article."""

    code = "fr"
    conjunction = "et"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        row = self.nouns[np.noun]
        if row["art"] == "two":
            return self._pair(np, form)
        text, gender, plural, adjective_first = self.described(np)
        preposition = {"de": "de ", "du": "de ", "a": "à "}.get(form, "")
        if np.amount:
            return preposition + self._counted(np, text, gender, plural)
        if row["art"] == "no":
            return preposition + text
        definite = "les" if plural else "la" if gender == "f" else "le"
        if form == "de" and row["art"] != "def":
            return f"de {text}"
        if row["art"] == "def" or np.det == "the":
            return f"{preposition}{definite} {text}"
        if row["art"] == "num":
            return preposition + text
        kind = np.det
        if kind in {"", "list"}:
            kind = self._bare(np, row["num"], form, kind)
        if kind == "the":
            return f"{preposition}{definite} {text}"
        if kind == "a":
            return f"{preposition}{self._indefinite(gender, plural, adjective_first)} {text}"
        if form == "du":
            return f"de {text}"
        article = self._indefinite(gender, True, adjective_first) if plural else f"de {definite}"
        return f"{preposition}{article} {text}"

    def _bare(self, np: NounPhrase, number: str, form: str, det: str) -> str:
        """What a noun without English article takes: "the", "some" or "a"."""
        if form == "part":
            return "a" if number == "sg" else "some"
        if form == "ind" and det == "" and (number == "pl" or (number == "mass" and np.cls in PARTITIVE_CLASSES)):
            return "some"
        return "the"

    def _indefinite(self, gender: str, plural: bool, adjective_first: bool) -> str:
        if plural:
            return "de" if adjective_first else "des"
        return "une" if gender == "f" else "un"

    def _pair(self, np: NounPhrase, form: str) -> str:
        """Two nouns in one row ("sel+poivre") have an article each; a modifier or a bare number is dropped."""
        row = self.nouns[np.noun]
        parts = []
        for text, gender in zip(row["text"].split("+"), row["g"].split("+"), strict=True):
            definite = "la" if gender == "f" else "le"
            bare = np.det in {"", "list"}
            if np.unit or form == "de":
                parts.append(f"de {text}")
            elif np.cls == "tool" and np.det != "the":
                parts.append(f"{self._indefinite(gender, False, False)} {text}")
            elif form in {"du", "a"}:
                parts.append(f"{'de' if form == 'du' else 'à'} {definite} {text}")
            elif form == "part" or (form == "ind" and bare and np.det == "") or np.det == "some":
                parts.append(f"de {definite} {text}")
            else:
                parts.append(f"{definite} {text}")
        text = " et ".join(parts)
        return f"{self._amount(np)} {text}" if np.unit else text

    def _number(self, number: str, gender: str) -> str:
        if number in {"one", "a"}:
            return "une" if gender == "f" else "un"
        return WORDS.get(number, number)

    def _amount(self, np: NounPhrase) -> str:
        """Amount with its unit: "2 cuillères à soupe", "une demi-tasse", "quelques gouttes"."""
        unit = self.units["pinch" if np.unit == "dash" and np.cls != "liquid" else np.unit]
        if np.amount == "half":
            return f"une demi-{unit['one']}" if unit["g"] == "f" else f"un demi-{unit['one']}"
        if np.amount in {"few", "little"}:
            return f"quelques {unit['many']}"
        return f"{self._number(np.amount, unit['g'])} {unit['one' if np.amount in ONE else 'many']}"

    def _counted(self, np: NounPhrase, text: str, gender: str, plural: bool) -> str:
        if np.unit:
            return f"{self._amount(np)} de {text}"
        if np.amount == "half":
            return f"la moitié d'{'une' if gender == 'f' else 'un'} {text}"
        if np.amount == "little" or (np.amount == "few" and not plural):
            return f"un peu de {text}"
        if np.amount == "few":
            return f"quelques {text}"
        return f"{self._number(np.amount, gender)} {text}"

    def place(self, place: PlacePhrase, form: str) -> str:
        row = self.places[place.place]
        preposition = f"{row[form]} " if form in {"to", "in", "from"} else ""
        article = {"def": "the", "indef": "a", "part": "some"}.get(row["art"], place.det or "the")
        word = "la" if row["g"] == "f" else "le"
        if article == "a":
            word = "une" if row["g"] == "f" else "un"
        elif article == "some" and form != "from":
            word = f"de {word}"
        return f"{preposition}{word} {row['text']}"

    def duration(self, number: str, unit: str, form: str) -> str:
        row = self.units[unit]
        if number == "half":
            text = "une demi-heure"
        elif number == "few":
            text = f"quelques {row['many']}"
        else:
            text = f"{self._number(number, row['g'])} {row['one' if number in ONE else 'many']}"
        return f"pendant {text}" if form == "for" else text

    def temperature(self, number: str, unit: str) -> str:
        return f"{number} {self.units[unit]['many']}"

    def clauses(self, clauses: list[str]) -> str:
        """Two clauses make "x et y" ("x, puis y" where one of them has its own "et"), more "x, y puis z"."""
        if len(clauses) < 3:
            return (", puis " if any(" et " in clause for clause in clauses) else " et ").join(clauses)
        return ", ".join(clauses[:-1]) + " puis " + clauses[-1]

    def finish(self, text: str) -> str:
        """Elision ("la huile" -> "l'huile") and contraction ("de le" -> "du", "à les" -> "aux")."""
        text = re.sub(rf"(?<![-\w])(l)[ae] {VOWEL}", r"\1'", text)
        text = re.sub(rf"(?<![-\w])de {VOWEL}", "d'", text)
        for pattern, short in (("de le", "du"), ("de les", "des"), ("à le", "au"), ("à les", "aux")):
            text = re.sub(rf"(?<![-\w]){pattern} ", f"{short} ", text)
        return text
