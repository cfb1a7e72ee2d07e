"""German: infinitive clauses ("die Zwiebeln in die Pfanne geben"), adjectives declined by rule.

``~`` in a lexicon text marks an adjective whose ending depends on article, case, gender and number ("rot~ Zwiebel").
"""

import re

from .base import NounPhrase, PlacePhrase, Row, TargetLanguage

DEFINITE = {"m": "der den dem des", "f": "die die der der", "n": "das das dem des", "pl": "die die den der"}
INDEFINITE = {"m": "ein einen einem eines", "f": "eine eine einer einer", "n": "ein ein einem eines"}
STRONG = {"m": "er en em en", "f": "e e er er", "n": "es es em en", "pl": "e e en er"}
MIXED = {"m": "er en en en", "f": "e e en en", "n": "es es en en"}
WEAK = {"m": "e en en en", "f": "e e en en", "n": "e e en en", "pl": "en en en en"}
CASES = ("nom", "acc", "dat", "gen")
NUMBERS = {
    "two": "zwei",
    "three": "drei",
    "four": "vier",
    "five": "fünf",
    "six": "sechs",
    "eight": "acht",
    "ten": "zehn",
}
ONE = {"1", "one", "a", "half", "1/2", "1/4", "3/4", "1/3"}
# Result predicates that German puts before these verbs: "braten, bis alles goldbraun ist" -> "goldbraun braten".
FRYING = r"(?:an)?braten|frittieren|backen|rösten|grillen|toasten"
COOKING = r"kochen|garen|backen|braten|dünsten|grillen|erhitzen"
STIRRING = r"pürieren|kneten|schlagen|rühren"
RESULTS = {
    r"(goldbraun|knusprig|braun|goldgelb|hellbraun|leicht braun|gleichmäßig braun)": FRYING,
    r"(weich|gar)": COOKING,
    r"(glasig)": "anbraten|braten",
    r"(glatt|cremig)": STIRRING,
    r"(al dente)": "kochen",
}
CONTRACTIONS = {
    "in dem": "im",
    "in das": "ins",
    "von dem": "vom",
    "zu dem": "zum",
    "zu der": "zur",
    "an dem": "am",
    "an das": "ans",
    "bei dem": "beim",
}


def pick(table: dict[str, str], gender: str, case: str) -> str:
    """The article or ending of a gender (or "pl") and a case."""
    return table[gender].split()[CASES.index(case)]


def decline(text: str, noun: Row, case: str) -> str:
    """The noun's own ending: genitive -(e)s of masculines and neuters, dative plural -n; adjectives stay marked."""
    if noun["num"] == "pl":
        return text + "n" if case == "dat" and noun["art"] != "loan" and re.search("(e|el|er)$", text) else text
    if case != "gen" or noun["gender"] == "f":
        return text
    return text + ("es" if re.search("(s|ß|x|z|sch|st)$", text) else "s")


class German(TargetLanguage):
    """Realises captions in German."""

    code = "de"
    conjunction = "und"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """Forms: a case; ddat/dacc (bare -> definite), idat/iacc (bare -> indefinite), some, rest, exc."""
        ident, modifiers = self.lexical(np)
        row = self.nouns[ident] | {"class": np.cls}
        case = form[-3:] if form[-3:] in CASES else "acc"
        det, amount, unit = np.det, np.amount, np.unit
        if ident == "everything":
            return {"dat": "allem", "gen": "von allem"}.get(case, "alles")
        definite = form in {"ddat", "dacc", "gen", "rest", "exc"} or row["art"] == "def" or np.cls == "mix"
        if form in {"rest", "exc"}:
            det, amount, unit = "the", "", ""
            modifiers = ({"rest": "+restlich", "exc": "+überschüssig"}[form], *modifiers)
        if form == "some":
            det = "some"
        if np.cls == "mix" and row["num"] == "mass" and form in {"", "dat"}:
            definite = False  # "Tomatenmark hinzufügen", but "in das Tomatenmark rühren"
        if definite and not det and not amount:
            det = "the"
        if not det and form in {"idat", "iacc"} and row["num"] == "sg":
            det = "a"
        if unit:
            return self.measured(np, row, modifiers, case)
        return self.counted(row, modifiers, det, amount, case)

    def lexical(self, np: NounPhrase) -> tuple[str, tuple[str, ...]]:
        """Lexicon id and modifiers, merged where both are one word: ground + beef -> Rinderhackfleisch."""
        ident, modifiers = np.noun, np.modifiers
        if np.unit == "clove":
            return "garlic_clove" if np.amount in ONE else "garlic_cloves", modifiers
        if modifiers:
            last = "ground" if np.cls == "meat" and modifiers[-1] == "minced" else modifiers[-1]
            if f"{last}_{ident}" in self.nouns:
                return f"{last}_{ident}", modifiers[:-1]
        return ident, modifiers

    def words(self, row: Row, modifiers: tuple[str, ...], case: str, table: dict[str, str]) -> str:
        """Modifiers and noun in a case, adjectives with the endings of ``table``."""
        gender = "pl" if row["num"] == "pl" else row["gender"]
        before, after = [], []
        for key in modifiers:
            stem = key[1:] if key[0] == "+" else self.modifier(key, row)
            if stem.startswith("+"):
                after.append(stem[1:])
            else:
                before.append(f"{stem}~")
        noun = row["gen"] if case == "gen" and row["gen"] else decline(row["text"], row, case)
        ending = pick(table, gender, case)
        return " ".join([*before, noun, *after]).replace("~", ending)

    def modifier(self, key: str, row: Row) -> str:
        """The adjective stem, by the noun's class where the verb differs (shredded cheese: gerieben)."""
        options = dict(pair.split("=") for pair in self.modifiers[key]["byclass"].split(";") if pair)
        return options.get(row["class"], self.modifiers[key]["text"])

    def counted(self, row: Row, modifiers: tuple[str, ...], det: str, amount: str, case: str) -> str:
        """Article or number, adjectives, noun: endings strong without article, mixed after "ein", weak after "der"."""
        gender = "pl" if row["num"] == "pl" else row["gender"]
        countable = row["num"] == "sg"
        if row["art"] == "no" and det in {"the", "a"}:
            det = ""
        if amount == "half":
            if countable:
                return f"{pick(INDEFINITE, gender, case)} " + self.words(row, ("+halb", *modifiers), case, MIXED)
            return f"{pick(DEFINITE, 'f', case)} Hälfte {self.counted(row, modifiers, 'the', '', 'gen')}"
        if countable and (amount in {"a", "1", "one"} or det == "a"):
            number = amount if amount == "1" else pick(INDEFINITE, gender, case)
            return f"{number} {self.words(row, modifiers, case, MIXED)}"
        if amount and case == "gen":
            det, amount = "the", ""
        if amount and gender == "pl":
            number = "ein paar" if amount in {"few", "little"} else NUMBERS.get(amount, amount)
            return f"{number} {self.words(row, modifiers, case, STRONG)}"
        if amount == "little":
            return f"ein wenig {self.words(row, modifiers, case, STRONG)}"
        if amount in {"1/2", "1/4", "3/4", "1/3"} and countable:
            return f"{amount} {self.words(row, modifiers, case, MIXED)}"
        if amount or det == "some":
            some = {"dat": "einigen", "gen": "einiger"}.get(case, "einige") if gender == "pl" else "etwas"
            return f"{some} {self.words(row, modifiers, case, STRONG)}"
        if det == "the":
            return f"{pick(DEFINITE, gender, case)} {self.words(row, modifiers, case, WEAK)}"
        if case == "gen":
            return f"von {self.words(row, modifiers, 'dat', STRONG)}"
        return self.words(row, modifiers, case, STRONG)

    def measured(self, np: NounPhrase, row: Row, modifiers: tuple[str, ...], case: str) -> str:
        """Amount, unit, noun without article: "2 EL gehackte Petersilie", genitive "von 2 EL ..."."""
        if case == "gen":
            return f"von {self.measured(np, row, modifiers, 'dat')}"
        if np.unit == "clove":
            return self.counted(row, modifiers, "", np.amount, case)
        unit = dict(self.units[np.unit])
        if np.unit == "dash" and np.cls == "liquid":
            unit.update(one="Schuss", many="Schuss", gender="m")
        if np.amount in {"a", "one"}:
            head = f"{pick(INDEFINITE, unit['gender'], case)} {unit['one']}"
        elif np.amount == "half":
            half = pick(MIXED, unit["gender"], case)
            head = f"{pick(INDEFINITE, unit['gender'], case)} halb{half} {unit['one']}"
        elif np.amount == "few":
            head = f"ein paar {unit['many']}"
        else:
            head = f"{NUMBERS.get(np.amount, np.amount)} {unit['one' if np.amount in ONE else 'many']}"
        return f"{head} {self.words(row, modifiers, case, STRONG)}"

    def place(self, place: PlacePhrase, form: str) -> str:
        """to/lay: in|auf + accusative; in: in|auf + dative; from: aus|von + dative; obj/bareobj: accusative."""
        row = self.places[place.place] | {"num": "sg", "gen": ""}
        case = "dat" if form in {"in", "from"} else "acc"
        gender, art = row["gender"], row["art"]
        det = {"def": "the", "indef": "a"}.get(art, place.det or "the")
        if art == "mass" and place.det != "the":
            det = ""
        table = {"the": WEAK, "a": MIXED, "": STRONG}[det]
        article = {"the": DEFINITE, "a": INDEFINITE}.get(det)
        preposition = {"to": row["prep"], "lay": row["prep"], "in": row["prep"], "from": row["from"]}.get(form, "")
        words = [preposition, pick(article, gender, case) if article else "", self.words(row, (), case, table)]
        return " ".join(word for word in words if word)

    def duration(self, number: str, unit: str, form: str) -> str:
        """ "5 Minuten lang" as an adjunct, else the bare dative ("nach 5 Minuten")."""
        row, case = self.units[unit], "acc" if form == "for" else "dat"
        if number in {"a", "one", "half"}:
            half = f"halb{pick(MIXED, row['gender'], case)} " if number == "half" else ""
            text = f"{pick(INDEFINITE, row['gender'], case)} {half}{row['one']}"
        else:
            noun = row["one" if number in ONE else "many"]
            noun += "n" if noun == "Tage" and case == "dat" else ""
            text = f"{'ein paar' if number == 'few' else NUMBERS.get(number, number)} {noun}"
        return f"{text} lang" if form == "for" else text

    def temperature(self, number: str, unit: str) -> str:
        """ "180 Grad", "350 °F"."""
        return f"{number} {self.units[unit]['many']}"

    def clauses(self, clauses: list[str]) -> str:
        """A, B und C; a subordinate clause gets its comma, "x und y" goes on with "dann", no pronoun twice."""
        settled = [self.until(clause) for clause in clauses]
        for index in range(len(settled) - 1, 0, -1):
            settled[index] = settled[index].removeprefix("sie ")
            if settled[index - 1].startswith("alles "):
                settled[index] = settled[index].removeprefix("alles ")
        text = settled[0]
        for index, clause in enumerate(settled[1:], start=1):
            comma = "," if re.search(r", (?:bis|ob|sobald)\b[^,]*$", settled[index - 1]) else ""
            if re.search(r"\b[a-zäöü]+en und .*[a-zäöü]+en$", settled[index - 1]):
                text += f", dann {clause}"
            elif index == len(settled) - 1:
                text += f"{comma} und {clause}"
            else:
                text += f", {clause}"
        return text

    def until(self, clause: str) -> str:
        """A comma before "bis ..."; short results move before the verb ("goldbraun braten")."""
        for results, verbs in RESULTS.items():
            clause = re.sub(rf"\b({verbs}) bis alles {results} ist\b", r"\2 \1", clause)
        return re.sub(r"(?<!,) (bis (?:alles|beide|d[aeir][rse]|es|sie|sich|eine?|nichts|Blasen)\b)", r", \1", clause)

    def finish(self, text: str) -> str:
        """Contractions (in das -> ins), one preposition of shape ("in Ringe schneiden", not "in Ringe in Scheiben")."""
        shapes = "|".join(text for key, text in self.phrases.items() if key.startswith("shape") and text[:3] == "in ")
        text = re.sub(rf"\b({shapes}) in Scheiben schneiden", r"\1 schneiden", " ".join(text.split()))
        text = text.replace("dünn in Scheiben schneiden", "in dünne Scheiben schneiden")
        for long, short in CONTRACTIONS.items():
            text = re.sub(rf"\b{long}\b", short, text)
        text = re.sub(r"\b([a-zäöüß]+) \1\b", r"\1", text)  # a modifier that the noun already has
        return text.replace(" ,", ",")
