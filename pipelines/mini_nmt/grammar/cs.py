"""Czech: cases on nouns and modifiers, numerals that govern the genitive, vocalised prepositions."""

import re

from .base import NounPhrase, PlacePhrase, Row, TargetLanguage

CASES = ("nom", "gen", "dat", "acc", "loc", "ins")
HARD = {
    "m": ("ý", "ého", "ému", "ý", "ém", "ým"),
    "a": ("ý", "ého", "ému", "ého", "ém", "ým"),
    "f": ("á", "é", "é", "ou", "é", "ou"),
    "n": ("é", "ého", "ému", "é", "ém", "ým"),
}
HARD_PLURAL = {
    "m": ("é", "ých", "ým", "é", "ých", "ými"),
    "a": ("í", "ých", "ým", "é", "ých", "ými"),
    "f": ("é", "ých", "ým", "é", "ých", "ými"),
    "n": ("á", "ých", "ým", "á", "ých", "ými"),
}
SOFT = {"m": ("í", "ího", "ímu", "í", "ím", "ím"), "a": ("í", "ího", "ímu", "ího", "ím", "ím"), "f": ("í",) * 6}
SOFT_PLURAL = ("í", "ích", "ím", "í", "ích", "ími")
ONE = {
    "m": ("jeden", "jednoho", "jednomu", "jeden", "jednom", "jedním"),
    "f": ("jedna", "jedné", "jedné", "jednu", "jedné", "jednou"),
    "n": ("jedno", "jednoho", "jednomu", "jedno", "jednom", "jedním"),
}
WORDS = {
    "two": ("dva", "dvou", "dvěma", "dva", "dvou", "dvěma"),
    "three": ("tři", "tří", "třem", "tři", "třech", "třemi"),
    "four": ("čtyři", "čtyř", "čtyřem", "čtyři", "čtyřech", "čtyřmi"),
}
MANY = {"five": "pět", "six": "šest", "eight": "osm", "ten": "deset", "few": "několik"}
VALUES = {"two": 2, "three": 3, "four": 4}
PIECES = ("kusy", "kusů", "kusům", "kusy", "kusech", "kusy")
TRIFLE = ("trocha", "trochy", "troše", "trochu", "troše", "trochou")
MANNER = frozenset(
    {
        "dobře",
        "důkladně",
        "opatrně",
        "pomalu",
        "rychle",
        "rovnoměrně",
        "nepřetržitě",
        "neustále",
        "občas",
        "znovu",
        "zlehka",
        "pořádně",
        "vydatně",
        "ručně",
        "pevně",
        "zároveň",
        "společně",
        "několikrát",
    }
)
FRYING = re.compile(
    r"\bna (?:\w+ )?(?:pánvi|woku|grilu|plotýnce)|z obou stran|dozlatova|dohněda|dokřupava|zlatohněd|zhněd|křupav"
)
BAKING = re.compile(r"\bv (?:\w+ )?(?:troubě|pekáči|formě)|na plechu|zapékací")


def inflect(adjective: str, gender: str, plural: bool, case: str) -> str:
    """An adjective in -ý or -í in the case asked for; anything else stays as it is."""
    index, stem = CASES.index(case), adjective[:-1]
    if adjective.endswith("ý"):
        return stem + (HARD_PLURAL if plural else HARD)[gender][index]
    if adjective.endswith("í"):
        return stem + (SOFT_PLURAL[index] if plural else SOFT["m" if gender == "n" else gender][index])
    return adjective


def kind(number: str) -> str:
    """How a number governs its noun: "one", "few" (2-4), "many" (genitive plural) or "part" (genitive singular)."""
    if number in {"1", "one", "a"}:
        return "one"
    if "/" in number or number == "half":
        return "part"
    last = number.split("-")[-1]
    return "few" if VALUES.get(last) or last in {"2", "3", "4"} else "many"


def numeral(number: str, gender: str, case: str) -> str:
    """The number's own form: digits stay, two -> dva, dvě, dvou ...; "a" is left out."""
    index = CASES.index(case)
    if number == "a":
        return ""
    if number == "one":
        return ONE[{"a": "m"}.get(gender, gender)][index] if (gender, case) != ("a", "acc") else "jednoho"
    if number == "two" and case in {"nom", "acc"}:
        return "dva" if gender in {"m", "a"} else "dvě"
    if number in WORDS:
        return WORDS[number][index]
    if number in MANY:
        word = MANY[number]
        oblique = {"few": "několika", "ten": "deseti", "eight": "osmi"}.get(number, f"{word}i")
        return word if case in {"nom", "acc"} else oblique
    return "půl" if number == "half" else number


class Czech(TargetLanguage):
    """Every noun row holds its six cases in one number; units hold both numbers."""

    code = "cs"
    conjunction = "a"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """Straight cases take the genitive plural after 5 and more, oblique cases agree with the numeral."""
        case, noun = form or "acc", self.nouns[np.noun]
        straight = case in {"nom", "acc"}
        if np.unit:
            return f"{self._measure(np.amount, self.units[np.unit], case)} {self._noun(np, noun, 'gen')}"
        if np.amount == "little" or (np.amount == "few" and noun["num"] == "sg"):
            return f"{TRIFLE[CASES.index(case)]} {self._noun(np, noun, 'gen')}"
        if np.det == "some" and straight and (np.number != "pl" or noun["num"] == "sg"):
            return f"trochu {self._noun(np, noun, 'gen')}"
        if np.amount == "half":
            word = "půlka" if np.number == "sg" else "polovina"
            endings = ("a", "y", "ce" if word == "půlka" else "ě", "u", "ce" if word == "půlka" else "ě", "ou")
            stem = word[:-2] if word == "půlka" and endings[CASES.index(case)] == "ce" else word[:-1]
            return f"{stem}{endings[CASES.index(case)]} {self._noun(np, noun, 'gen')}"
        if not np.amount:
            return self._noun(np, noun, case)
        how = kind(np.amount)
        if noun["num"] == "sg" and how in {"few", "many"}:
            pieces = "kusů" if how == "many" and straight else PIECES[CASES.index(case)]
            return f"{numeral(np.amount, 'm', case)} {pieces} {self._noun(np, noun, 'gen')}"
        governed = "gen" if how == "part" or (how == "many" and straight) else case
        return f"{numeral(np.amount, noun['gender'], case)} {self._noun(np, noun, governed)}"

    def _noun(self, np: NounPhrase, noun: Row, case: str) -> str:
        """Modifiers go before the noun, those with a complement ("nakrájený na plátky") after it."""
        before: list[str] = []
        after: list[str] = []
        words = noun[case].split()
        for key in np.modifiers:
            row = self.modifiers[key]
            by_class = dict(item.split("=") for item in row["byclass"].split(";") if item)
            text = by_class.get(np.cls, row["text"])
            head, _, tail = text.partition("*")
            start, _, adjective = head.rpartition(" ")
            word = inflect(adjective, noun["gender"], noun["num"] == "pl", case) if adjective else ""
            if word not in words:
                (after if tail else before).append(f"{start} {word}{tail}".strip())
        return " ".join([*before, noun[case], *([" a ".join(after)] if after else [])])

    def _measure(self, amount: str, unit: Row, case: str) -> str:
        """Numeral and unit: 2 lžíce, 5 lžic, půl lžíce, se 2 lžícemi."""
        how = kind(amount)
        if how == "part":
            form = "sg_gen"
        elif how == "one":
            form = f"sg_{case}"
        else:
            form = "pl_gen" if how == "many" and case in {"nom", "acc"} else f"pl_{case}"
        return f"{numeral(amount, unit['gender'], case)} {unit[form]}".strip()

    def place(self, place: PlacePhrase, form: str) -> str:
        """Each place names its prepositions: do hrnce / v hrnci, na pánev / na pánvi."""
        row = self.places[place.place]
        if form == "to":
            return f"{row['to']} {row['gen' if row['to'] == 'do' else 'acc']}"
        if form == "in":
            return f"{row['in']} {row['loc']}"
        return f"{row['from']} {row['gen']}" if form == "from" else row["acc"]

    def duration(self, number: str, unit: str, form: str) -> str:
        """The bare accusative, bracketed until ``finish`` so that "na~" knows whether a time follows it."""
        if form == "for":
            return f"<{self._measure(number, self.units[unit], 'acc')}>"
        if number == "half":
            return f"půl {self.units[unit]['sg_' + form]}"
        return self._measure(number, self.units[unit], form)

    def temperature(self, number: str, unit: str) -> str:
        return f"{number} {'stupňů' if unit == 'degree' else self.units[unit]['sg_nom']}"

    def clauses(self, clauses: list[str]) -> str:
        """A subordinate clause is closed by a comma before the next "a"."""
        told = [self._settle(clause) for clause in clauses]
        if len(told) < 2:
            return "".join(told)
        comma = "," if re.search(r", (dokud|aby|zda)\b", told[-2]) else ""
        return f"{', '.join(told[:-1])}{comma} a {told[-1]}"

    def _settle(self, clause: str) -> str:
        """The verb that suits the vessel or the aim, and adverbs of manner before the verb."""
        words = clause.replace(" ,", ",").split()
        if words[0].endswith("te"):
            manner = [word for word in words[1:] if word in MANNER][:1]
            words = manner + [word for word in words if word not in manner]
        text = " ".join(words)
        if re.search(r"\bvařte\b", text):
            verb = "pečte" if BAKING.search(text) else "smažte" if re.search(r"\boleji\b", text) else "opékejte"
            if verb != "opékejte" or FRYING.search(text):
                text = re.sub(r"\bvařte\b", verb, text)
        text = re.sub(r"\bzahřejte (?=(?:\w+ |\d\S* )*olej)", "rozehřejte ", text)
        text = re.sub(r"\brozehřejte (?=(?:\w+ )*vodu)", "zahřejte ", text)
        text = re.sub(r"\brozehřejte (?=(?:\w+ )?troubu)", "předehřejte ", text)
        return "zamíchejte" if text == "míchejte" else text

    def finish(self, text: str) -> str:
        """Time brackets, commas, degrees in the locative, and se, ze, ve, ke before clusters."""
        text = re.sub(r"na~ <([^>]*)>", r"na \1", text).replace("na~", "")
        text = re.sub(r"[<>]", "", text)
        text = re.sub(r" +,", ",", text)
        text = re.sub(r"při (\d+) stupňů", r"při \1 stupních", text)
        cluster = r"[sšzž][bcčdďfghjklmnňprřstťvz]|dv|tř|čt|vš|[234](?!\d)"
        text = re.sub(r"\bs (?=[sšzž]|dv|tř|čt|vš|mn|ps|pš|[23467](?!\d)|[67]\b|100\b)", "se ", text)
        text = re.sub(rf"\bz (?=[sšzž]|{cluster}|mn)", "ze ", text)
        text = re.sub(rf"\bv (?=[vfw]|{cluster})", "ve ", text)
        return re.sub(rf"\bk (?=[kg]|{cluster})", "ke ", text)
