"""Russian: 2nd plural imperatives, six cases, agreement after numbers, aspect by context.

Marks inside frames, settled clause by clause in ``settle``:
``a~b`` perfective ~ imperfective (the latter with a duration, a "пока не ..." clause or a repeating adverb);
``a≈b[≈c]`` verb for solids ≈ liquids [≈ powders]; ``a^b`` verb for surfaces ^ containers;
``‹adjunct› ... ‹default›`` a bare adverb stays before the verb, anything else moves to the second place;
``⟦adjunct|default⟧``; ``@на`` is "на" before a duration and nothing without one; ``@закипит`` agrees with its subject.
"""

import re

from .base import NounPhrase, PlacePhrase, Row, TargetLanguage

ADVERBS = frozenset(
    """
    хорошо тщательно аккуратно медленно быстро равномерно непрерывно постоянно иногда снова слегка
    осторожно щедро немного одновременно плотно мелко тонко крупно
""".split()
) | {"как следует", "время от времени", "несколько раз"}
LASTING = re.compile(r"⏱|, пока|постоянно|непрерывно|иногда|время от времени|некоторое время")
TWO_VERBS = re.compile(r"\w[ийь]те\b.* и \w+[ийь]те\b")

# endings of the adjective: nom gen dat acc(inanimate) ins loc
HARD = {
    "m": ("ый", "ого", "ому", "ый", "ым", "ом"),
    "f": ("ая", "ой", "ой", "ую", "ой", "ой"),
    "n": ("ое", "ого", "ому", "ое", "ым", "ом"),
    "pl": ("ые", "ых", "ым", "ые", "ыми", "ых"),
}
SOFT = {  # stressed stem in ж ш ч щ or a soft consonant: свежий, горячий, средний
    "m": ("ий", "его", "ему", "ий", "им", "ем"),
    "f": ("ая", "ей", "ей", "ую", "ей", "ей"),
    "n": ("ее", "его", "ему", "ее", "им", "ем"),
    "pl": ("ие", "их", "им", "ие", "ими", "их"),
}
CASES = ("nom", "gen", "dat", "acc", "ins", "loc")
ONE = {
    "m": ("один", "одного", "одному", "один", "одним", "одном"),
    "f": ("одна", "одной", "одной", "одну", "одной", "одной"),
    "n": ("одно", "одного", "одному", "одно", "одним", "одном"),
}
WORDS = {  # nom/acc, gen, dat, ins, loc
    "two": ("два", "двух", "двум", "двумя", "двух"),
    "three": ("три", "трёх", "трём", "тремя", "трёх"),
    "four": ("четыре", "четырёх", "четырём", "четырьмя", "четырёх"),
    "five": ("пять", "пяти", "пяти", "пятью", "пяти"),
    "six": ("шесть", "шести", "шести", "шестью", "шести"),
    "seven": ("семь", "семи", "семи", "семью", "семи"),
    "eight": ("восемь", "восьми", "восьми", "восемью", "восьми"),
    "ten": ("десять", "десяти", "десяти", "десятью", "десяти"),
}
VALUES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10}
HALF = {
    "nom": "половина",
    "gen": "половины",
    "dat": "половине",
    "acc": "половину",
    "ins": "половиной",
    "loc": "половине",
}
FEW = {"dat": "нескольким", "ins": "несколькими", "gen": "нескольких", "loc": "нескольких"}
LITTLE = {"ins": "небольшим количеством", "loc": "небольшом количестве", "dat": "небольшому количеству"}
MINCE = ("фарш", "фарша", "фаршу", "фарш", "фаршем", "фарше")


def decline(adjective: str, gender: str, case: str, animate: bool) -> str:
    """One adjective or participle; words before it and a ``|tail`` stay, -ся stays at the end."""
    body, _, tail = adjective.partition("|")
    lead, _, word = body.rpartition(" ")
    reflexive = "ся" if word.endswith("ся") else ""
    stem, ending = word.removesuffix("ся")[:-2], word.removesuffix("ся")[-2:]
    if animate and case == "acc" and gender in ("m", "pl"):
        case = "gen"
    at = CASES.index(case)
    if ending == "ий" and stem[-1] not in "гкх":
        new = SOFT[gender][at]
        if stem[-1] == "н" and gender == "f":  # средний: средняя, среднюю
            new = {"ая": "яя", "ую": "юю"}.get(new, new)
    else:
        new = HARD[gender][at]
        if new == "ый":
            new = ending
        elif new[0] == "ы" and stem[-1] in "гкхжшчщ":
            new = "и" + new[1:]
    return " ".join(part for part in (lead, stem + new + reflexive, tail) if part)


def last_number(number: str) -> str:
    """What the counted noun agrees with: "one" (1), "two" (2-4), "many", or "part" (fractions)."""
    if "/" in number:
        return "part"
    value = VALUES.get(number) or int(number.split("-")[-1])
    if value % 100 in range(11, 20):
        return "many"
    return "one" if value % 10 == 1 else "two" if value % 10 in (2, 3, 4) else "many"


def numeral(number: str, gender: str, case: str) -> str:
    """The number as digits or as a word in its case."""
    if number == "one":
        return ONE[gender][CASES.index(case)]
    if number in WORDS:
        word = WORDS[number][{"nom": 0, "acc": 0, "gen": 1, "dat": 2, "ins": 3, "loc": 4}[case]]
        return "две" if word == "два" and gender == "f" else word
    return number


class Russian(TargetLanguage):
    """Wordings of Russian."""

    code = "ru"
    conjunction = "и"

    def adjectives(self, np: NounPhrase, gender: str, case: str, animate: bool) -> tuple[str, str]:
        """The modifiers before the noun (agreeing) and after it."""
        before, after = [], []
        for key in np.modifiers:
            row = self.modifiers[key]
            if key == "ground" and np.cls == "meat":
                continue
            adjective = row["alt"] if np.cls in row["cls"].split(",") else row["adj"]
            if adjective:
                before.append(decline(adjective, gender, case, animate))
            else:
                after.append(row["post"])
        return " ".join(before), " ".join(after)

    def plain(self, np: NounPhrase, case: str) -> str:
        """Modifiers and noun in the row's own number."""
        row = self.nouns[np.noun]
        gender, animate, noun = "pl" if row["num"] == "pl" else row["g"], row["anim"] == "1", row[case]
        if "ground" in np.modifiers and np.cls == "meat" and "фарш" not in noun:
            gender, animate, noun = "m", False, f"{MINCE[CASES.index(case)]} из {row['gen']}"
        before, after = self.adjectives(np, gender, case, animate)
        return f"{before} {noun} {after}"

    def counted(self, np: NounPhrase, row: Row, case: str) -> str:
        """Number and noun: 2 луковицы, 5 луковиц, 1/2 луковицы; oblique cases put both in the case."""
        kind, gender, amount = last_number(np.amount), row["cg"], numeral(np.amount, row["cg"], case)
        if kind == "part":
            column, agree, in_case = "cgen", gender, "gen"
        elif kind == "one":
            column, agree, in_case = {"gen": "cgen", "acc": "c1"}.get(case, "c1" + case), gender, case
        elif case in ("nom", "acc") and kind == "two":
            column, agree, in_case = "c2", "pl", "nom" if gender == "f" else "gen"
        elif case in ("nom", "acc", "gen"):
            column, agree, in_case = "c5", "pl", "gen"
        else:
            column, agree, in_case = "c" + case, "pl", case
        before, after = self.adjectives(np, agree, in_case, row["anim"] == "1")
        return f"{amount} {before} {row[column]} {after}"

    def measured(self, np: NounPhrase, case: str) -> str:
        """Amount, unit in the case, noun in the genitive: 2 столовые ложки соевого соуса."""
        unit, noun = dict(self.units[np.unit]), self.plain(np, "gen")
        if np.unit == "head" and "чеснок" in noun:
            unit = {key: value.replace("кочан", "головк") for key, value in unit.items()}
            unit |= {"g": "f", "acc": "головку", "gen": "головки", "two": "головки", "many": "головок"}
        if np.amount == "little" or (
            np.unit == "dash" and np.amount in ("a", "1") and self.nouns[np.noun]["kind"] == "liq"
        ):
            return f"{LITTLE.get(case, 'немного')} {noun}"
        if np.amount in ("a", ""):
            return f"{unit['acc' if case == 'nom' else case]} {noun}"
        if np.amount == "half":
            return f"{HALF[case]} {unit['gen']} {noun}"
        if np.amount == "few":
            return f"{FEW.get(case, 'несколько')} {unit['p' + case] if case in ('dat', 'ins') else unit['many']} {noun}"
        kind = last_number(np.amount)
        if kind == "part":
            form = unit["gen"]
        elif kind == "one":
            form = unit["acc" if case == "nom" else case]
        elif case in ("nom", "acc"):
            form = unit[kind]
        else:
            form = unit["many"] if case == "gen" else unit["p" + case]
        return f"{numeral(np.amount, unit['g'], case)} {form} {noun}"

    def noun_phrase(self, np: NounPhrase, form: str) -> str:
        """A noun phrase in a case; ``into`` is "в" + accusative, or "к" + dative for ingredients."""
        row, case = self.nouns[np.noun], form or "acc"
        lead = ""
        if form == "into":
            lead, case = ("к ", "dat") if "ингредиент" in row["nom"] or row["nom"] == "всё" else ("в ", "acc")
        if np.unit:
            text = self.measured(np, case)
        elif np.amount == "half":
            before, after = self.adjectives(np, row["cg"] or row["g"], "gen", False)
            text = f"{HALF[case]} {before} {row['cgen'] or row['gen']} {after}"
        elif np.amount == "few" and row["c5"]:
            before, after = self.adjectives(np, "pl", "gen", False)
            few = FEW.get(case, "несколько")
            noun = row["c5"] if few in ("несколько", "нескольких") else row["c" + case]
            if few in ("нескольким", "несколькими"):
                before = self.adjectives(np, "pl", case, False)[0]
            text = f"{few} {before} {noun} {after}"
        elif np.amount in ("few", "little") or (not np.amount and np.det == "some" and case == "acc" and not lead):
            few = LITTLE.get(case, "немного")
            egg = np.noun in ("eggs", "beaten_eggs", "egg_yolks")
            text = ("несколько " if egg and case == "acc" else f"{few} ") + self.plain(np, "gen")
        elif np.amount and np.amount != "a" and row["c5"]:
            text = self.counted(np, row, case)
        elif np.amount and np.amount != "a":
            text = f"{numeral(np.amount, row['g'], case)} {self.plain(np, 'gen')}"
        else:
            text = self.plain(np, case)
        mark = (
            {"liq": "\ue001", "dry": "\ue002"}.get(row["kind"], "")
            if not np.unit
            else "\ue001" * (row["kind"] == "liq")
        )
        subject = ("\ue004" if row["num"] == "pl" or np.amount else "\ue003") if case == "nom" else ""
        return mark + lead + " ".join(text.split()) + subject

    def join(self, items: list[str]) -> str:
        """A, B и C, with a preposition only before the first."""
        for lead in ("в ", "к "):
            if all(item.lstrip("\ue001\ue002").startswith(lead) for item in items):
                items = items[:1] + [item.replace(lead, "", 1) for item in items[1:]]
        return super().join(items)

    def place(self, place: PlacePhrase, form: str) -> str:
        row = self.places[place.place]
        return (row["kind"] == "on") * "\ue005" + row[form] if form == "from" else row[form or "obj"]

    def duration(self, number: str, unit: str, form: str) -> str:
        """Accusative of time; the mark makes the verb imperfective."""
        row, mark = self.units[unit], "⏱" if form == "for" else ""
        if number in ("half", "1/2"):
            return mark + {"hour": "полчаса", "minute": "полминуты", "day": "полдня"}.get(unit, f"1/2 {row['gen']}")
        if number in ("a", "an", ""):
            return mark + row["acc"]
        if number == "few":
            return f"{mark}несколько {row['many']}"
        kind = last_number(number)
        noun = row[{"part": "gen", "one": "acc"}.get(kind, kind)]
        return f"{mark}{numeral(number, row['g'], 'acc')} {noun}"

    def temperature(self, number: str, unit: str) -> str:
        signs = {"degree": " градусов", "degree_f": " градусов по Фаренгейту", "degree_c": " градусов по Цельсию"}
        return number + signs.get(unit, {"f": "°F", "c": "°C"}.get(unit, ""))

    def settle(self, text: str) -> str:
        """One clause: choice of verbs by what follows, place of adverbs, commas."""
        subjects = text.count("\ue003") + 2 * text.count("\ue004")
        for verb, plural in (("закипит", "закипят"), ("размягчится", "размягчатся")):
            text = text.replace("@" + verb, plural if subjects > 1 else verb)
        text = re.sub(r"⟦ *(.*?) *\|(.*?)⟧", lambda m: m[1] or m[2], text)
        text = re.sub(r"@на ?(?=⏱)", "на ", text).replace("@на", "")

        def adverb(match: re.Match[str]) -> str:
            adjunct = match[1].strip() or match[3].strip()
            if adjunct in ADVERBS:
                return f"{adjunct} {match[2]}"
            return f"{match[2]} {adjunct}"

        text = re.sub(r"‹(.*?)›(.*?)‹(.*?)›", adverb, text)
        marks = re.findall("[\ue001\ue002]", text)
        filling = (2 if marks[0] == "\ue002" else 1) if marks and re.search(r"≈\w+[^,]*? ?[\ue001\ue002]", text) else 0
        if filling and not re.search(r"≈[\w~]+ (на [^\ue001\ue002]*)?[\ue001\ue002]", text):
            filling = 0

        def by_matter(match: re.Match[str]) -> str:
            verbs = match[0].split("≈")
            return verbs[min(filling, len(verbs) - 1)] if filling < 2 or len(verbs) > 2 else verbs[0]

        text = re.sub(r"[\w~]+(?:≈[\w~]+)+", by_matter, text)
        text = re.sub(r"(\w+)~(\w+)", lambda m: m[2] if LASTING.search(text) else m[1], text)
        text = re.sub(r"(\w+)\^(\w+)", lambda m: m[1] if "\ue005" in text else m[2], text)
        text = re.sub("[\ue001-\ue005⏱]", "", text)
        return re.sub(r" +,", ",", " ".join(text.split())).strip(" ,")

    def clauses(self, clauses: list[str]) -> str:
        """A и B; A, B и C; a subordinate "пока не ..." is closed by a comma."""
        settled = [self.settle(clause) for clause in clauses]
        if len(settled) == 1:
            return settled[0]
        comma = "," if re.search(r", (пока|чтобы|помешивая|загнув)", settled[-2]) else ""
        if any(TWO_VERBS.search(clause) for clause in settled):
            return ", ".join(settled[:-1]) + ", затем " + settled[-1].removeprefix("затем ")
        return ", ".join(settled[:-1]) + comma + f" {self.conjunction} " + settled[-1]

    def finish(self, text: str) -> str:
        """со / во / ко before clusters."""
        text = re.sub(r"\bс (?=[сзшж][бвгджзклмнпрстфхцчшщ]|щ|льд|мн|вс[её])", "со ", text)
        text = re.sub(r"\bв (?=[вф][бвгджзклмнпрстфхцчшщ]|льд)", "во ", text)
        return re.sub(r"\bк (?=вс[её])", "ко ", text)
