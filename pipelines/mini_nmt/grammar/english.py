"""Samples captions: which frames, nouns, modifiers and amounts, and how YouCook2's annotators would type them."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .base import SLOT, Clause, NounPhrase, PlacePhrase, Quantity, Row, read_rows

FOOD = ("veg", "fruit", "meat", "fish", "spice", "liquid", "dairy", "grain", "sweet", "dish")
SLOT_CLASSES: dict[str, tuple[str, ...]] = {
    "food": FOOD,
    "food2": FOOD,
    "cut": ("veg", "veg", "fruit", "meat", "fish"),
    "liquid": ("liquid",),
    "season": ("spice", "spice", "liquid", "sweet"),
    "base": ("grain", "dish", "meat", "fish", "veg"),
    "mix": ("mix",),
    "part": ("part",),
    "tool": ("tool",),
    "meat": ("meat", "meat", "fish"),
    "grain": ("grain",),
    "fruit": ("fruit",),
    "fish": ("fish",),
    "dough": ("dough",),
    "butter": ("butter",),
    "eggs": ("eggs",),
}
WHOLE = {"base", "mix", "part", "dough", "meat"}  # slots that usually say "the"
LISTS = {"food", "food2", "season", "cut"}
NUMBERS = "1 2 3 4 5 6 7 8 10 12 15 20 1/2 1/4 3/4 1/3 1-2 2-3 3-4 one two three four five six eight ten".split()
METRIC = ["100", "150", "200", "250", "300", "400", "500", "20", "15", "10"]
DURATIONS = """
    1 2 3 4 5 6 7 8 10 12 15 20 25 30 40 45 60 1-2 2-3 3-4 5-6 5-7 8-10 10-15 15-20 one two three five
    ten
""".split()
GLUED = re.compile(r"(\d) (ml|g|gm|grams?|kg|tsp|tbsp|f|c|cm|mm|inch|min|mins|minutes)\b")
RANGE = re.compile(r"(?<=\d)-(?=\d)")
DEGREES = "160 170 180 190 200 220 250 300 325 350 375 400 425 450".split()
UNITS: dict[str, tuple[str, ...]] = {
    "spice": ("tsp", "tsp", "teaspoon", "tbsp", "pinch", "pinch", "handful", "bunch", "sprig", "g", "dash"),
    "liquid": ("tbsp", "tbsp", "tsp", "cup", "cup", "ml", "liter", "tablespoon", "dash", "ladle", "spoon", "drop"),
    "veg": ("cup", "g", "gram", "kg", "can", "handful", "bunch", "slice", "piece", "pound", "clove"),
    "fruit": ("cup", "slice", "piece", "g"),
    "meat": ("slice", "piece", "g", "pound", "kg", "strip"),
    "fish": ("piece", "g", "can", "pound"),
    "dairy": ("tbsp", "cup", "slice", "g", "tablespoon", "stick"),
    "grain": ("cup", "cup", "g", "slice", "packet", "tbsp", "sheet", "piece", "kg"),
    "sweet": ("tsp", "tbsp", "cup", "teaspoon", "tablespoon", "spoon", "g"),
}
CLOVED = re.compile("garlic")
TYPOS = {
    "potatoes": "potatos", "tomatoes": "tomatos", "mozzarella": "mozzerella", "turmeric": "tumeric",
    "oregano": "oregeno", "saute": "sautee", "sauteed": "sauted", "basil": "basal", "scallions": "scallians",
    "chilies": "chillies",
    "chili": "chilli", "garam": "garram", "parsley": "parsely", "refrigerate": "refridgerate", "together": "togther",
    "knead": "kneed", "peel": "peal", "zucchini": "zuchini", "broccoli": "brocolli", "mayonnaise": "mayonaise",
    "lettuce": "lettuse", "cinnamon": "cinammon", "noodles": "noodels", "vinegar": "vineger", "cabbage": "cabage",
    "sprinkle": "sprinke", "processor": "processer", "asafoetida": "asafetida", "the": "teh",
}  # fmt: skip


@dataclass(frozen=True)
class Caption:
    """One sampled caption: what it means, and the English that an annotator might have typed."""

    clauses: list[Clause]
    opener: str
    english: str


class Sampler:
    """Draws captions, reproducibly for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.frames = read_rows("frames.en.tsv")
        self.nouns = read_rows("nouns.en.tsv")
        self.modifiers = read_rows("modifiers.en.tsv")
        self.units = read_rows("units.en.tsv")
        self.phrases = read_rows("phrases.en.tsv")
        self.places = read_rows("places.en.tsv")
        self._by_class: dict[str, list[Row]] = {}
        for row in self.nouns.values():
            self._by_class.setdefault(row["class"], []).append(row)
        named: dict[str, Callable[[str], bool]] = {
            "dough": lambda text: "dough" in text,
            "butter": lambda text: text.endswith(("butter", "cheese", "margarine", "chocolate", "lard", "ghee")),
            "eggs": lambda text: text in {"egg", "eggs"},
        }
        for name, fits in named.items():
            self._by_class[name] = [row for row in self.nouns.values() if fits(row["text"]) and row["class"] != "spice"]
        self._by_kind: dict[str, list[str]] = {}
        for key, row in self.phrases.items():
            self._by_kind.setdefault(row["kind"], []).append(key)
        self._items = [row for row in self.nouns.values() if row["class"] in FOOD]
        self._any_items = [row for row in self.nouns.values() if row["text"] != "everything"]
        self._listing = [
            key
            for key, row in self.frames.items()
            if any(match[1] in LISTS and not match[3] for match in SLOT.finditer(row["text"]))
        ]
        # A noun's weight is flattened so that rare words are learned too, not only salt and oil.
        self._noun_weight = {key: float(row["weight"]) ** 0.6 for key, row in self.nouns.items()}
        self._first = [float(row["weight"]) ** 0.85 for row in self.frames.values()]
        self._later = [
            weight * (0.35 if re.search(r"\{(food|cut|base|season)", row["text"]) else 2.0)
            for weight, row in zip(self._first, self.frames.values(), strict=True)
        ]

    def caption(self) -> Caption:
        """One to four clauses, now and then with an opener such as "now"."""
        rng = self.random
        count = rng.choices((1, 2, 3, 4), (42, 37, 16, 5))[0]
        used: set[str] = set()
        clauses = [self._clause(first=index == 0, used=used) for index in range(count)]
        opener = rng.choice(self._by_kind["order"]) if rng.random() < 0.04 else ""
        english = self._typed(clauses)
        if opener:
            english = f"{self.phrases[opener]['text']} {english}"
        return Caption(clauses, opener, self._noise(english))

    def list_caption(self) -> Caption:
        """A list of two to nine items that nobody would put together, now and then with a step before or after.

        Nothing but the items themselves tells which one comes next, so they have to be read off one by one.
        """
        rng = self.random
        frame = rng.choices(self._listing, [float(self.frames[key]["weight"]) ** 0.5 for key in self._listing])[0]
        clauses = [self._clause(first=True, used=set(), frame=frame)]
        slot = rng.choice([slot for slot in clauses[0].fills if slot in LISTS])
        count = rng.choices(range(2, 10), (14, 18, 18, 16, 13, 9, 7, 5))[0]
        items = self._items if rng.random() < 0.9 else self._any_items
        rows = rng.sample(items, count)
        if rng.random() < 0.3:  # everyday food, in lists as unusual
            drawn = rng.choices(items, [self._noun_weight[row["id"]] for row in items], k=count)
            rows = list({row["text"]: row for row in drawn}.values())
        measured = rng.random() < 0.25
        clauses[0].fills[slot] = [self._noun_phrase(row, slot, alone=False, measured=measured) for row in rows]
        if count < 7 and rng.random() < 0.3:
            clauses.insert(rng.randrange(2), self._clause(first=False, used=set()))
        return Caption(clauses, "", self._noise(self._typed(clauses)))

    def noun_caption(self, noun: str) -> Caption:
        """A short caption that certainly holds one noun, so that every lexicon row is seen."""
        row = self.nouns[noun]
        slots = [slot for slot, classes in SLOT_CLASSES.items() if row["class"] in classes]
        frames = [key for key, frame in self.frames.items() if any(f"{{{slot}}}" in frame["text"] for slot in slots)]
        frame = self.random.choices(frames, [float(self.frames[key]["weight"]) ** 0.5 for key in frames])[0]
        clause = self._clause(first=True, used={noun}, frame=frame)
        slot = next(slot for slot in slots if slot in clause.fills)
        clause.fills[slot] = [self._noun_phrase(row, slot, alone=True)]
        return Caption([clause], "", self._noise(self._english(clause)))

    # -- what is said ------------------------------------------------------------------------------------------------

    def _clause(self, *, first: bool, used: set[str], frame: str = "") -> Clause:
        rng = self.random
        frame = frame or rng.choices(list(self.frames), self._first if first else self._later)[0]
        clause = Clause(frame)
        for match in SLOT.finditer(self.frames[frame]["text"]):
            slot, optional = match[1] or match[3], bool(match[3])
            if optional and rng.random() > (0.75 if slot in {"how", "shape"} else 0.3):
                continue
            if slot in SLOT_CLASSES:
                clause.fills[slot] = self._noun_list(slot, used)
            elif slot == "place":
                clause.fills[slot] = self._place()
            elif slot == "time":
                unit = rng.choices(("minute", "min", "second", "hour", "day"), (70, 16, 5, 10, 1))[0]
                hours = ["1", "2", "3", "4", "half", "one", "two", "2-3"]
                number = rng.choice(hours) if unit == "hour" else self._figure(DURATIONS, 2, 90)
                if unit == "minute" and rng.random() < 0.1:
                    number = rng.choice(("a", "few"))
                clause.fills[slot] = Quantity(number, unit)
            elif slot == "temp":
                unit = rng.choices(("degree", "degree_f", "degree_c", "f", "c"), (60, 12, 10, 12, 6))[0]
                clause.fills[slot] = Quantity(self._figure(DEGREES, 100, 500), unit)
            else:
                clause.fills[slot] = rng.choice(self._by_kind[slot])
        return clause

    def _figure(self, usual: list[str], lowest: int, highest: int) -> str:
        """A usual number or, one time in four, any or a range: numbers are to be copied, not known by heart."""
        rng = self.random
        if rng.random() < 0.75:
            return rng.choice(usual)
        first = rng.randint(lowest, highest)
        return f"{first}-{first + rng.choice((1, 2, 5, 10))}" if rng.random() < 0.3 else str(first)

    def _place(self) -> PlacePhrase:
        rows = list(self.places.values())
        row = self.random.choices(rows, [float(row["weight"]) ** 0.7 for row in rows])[0]
        return PlacePhrase(row["id"], self.random.choices(("the", "a", ""), (62, 28, 10))[0])

    def _noun_list(self, slot: str, used: set[str]) -> list[NounPhrase]:
        rng = self.random
        sizes = (46, 25, 14, 8, 4, 3) if slot in LISTS else (92, 8)
        size = rng.choices(range(1, len(sizes) + 1), sizes)[0]
        pool = [row for cls in SLOT_CLASSES[slot] for row in self._by_class[cls]]
        weights = [self._noun_weight[row["id"]] for row in pool]
        phrases: list[NounPhrase] = []
        for row in rng.choices(pool, weights, k=size):
            if row["text"] not in used:
                used.add(row["text"])
                phrases.append(self._noun_phrase(row, slot, alone=size == 1))
        return phrases or [self._noun_phrase(rng.choice(pool), slot, alone=True)]

    def _noun_phrase(self, row: Row, slot: str, *, alone: bool, measured: bool = False) -> NounPhrase:
        rng, cls, number = self.random, row["class"], row["number"]
        if row["text"] == "everything":
            return NounPhrase(row["id"], cls, number)
        fits = [m for m in self.modifiers.values() if cls in m["classes"].split(",")]
        modifiers: list[str] = []
        if (fits and " " not in row["text"]) or (fits and rng.random() < 0.3):
            many = rng.choices((0, 1, 2), (68, 28, 4))[0] if slot != "cut" else rng.choices((0, 1), (88, 12))[0]
            while len(modifiers) < many:
                key = rng.choices(fits, [float(m["weight"]) for m in fits])[0]["id"]
                if self.modifiers[key]["kind"] not in {self.modifiers[m]["kind"] for m in modifiers}:
                    modifiers.append(key)
                elif rng.random() < 0.3:
                    break
        order = {"size": 0, "state": 1, "cut": 2, "cook": 2, "color": 3}
        modifiers.sort(key=lambda key: order[self.modifiers[key]["kind"]])
        amount = unit = ""
        if cls in UNITS and slot in LISTS and rng.random() < (0.7 if measured else 0.12):
            if number == "pl" and rng.random() < 0.5:
                amount = rng.choice([*NUMBERS[1:9], "two", "three", "four", "few", "2-3"])
            elif number != "sg":
                unit = "clove" if CLOVED.fullmatch(row["text"]) and rng.random() < 0.6 else rng.choice(UNITS[cls])
                if unit == "clove" and not CLOVED.search(row["text"]):
                    unit = "cup"
                if unit in {"pinch", "dash", "handful"}:
                    amount = rng.choice(("a", "1", "2"))
                elif unit in {"g", "gram", "ml"}:
                    amount = self._figure(METRIC, 5, 900)
                else:
                    amount = self._figure([*NUMBERS, "half", "a", "1", "2"], 2, 24)
            elif rng.random() < 0.4:
                amount = rng.choice(("half", "1", "one"))
            elif number == "mass":
                amount = "little"
        if number == "mass" and not amount and slot in LISTS and rng.random() < 0.03:
            amount = "little"
        return NounPhrase(
            row["id"], cls, number, self._det(number, slot, alone) if not amount else "", tuple(modifiers), amount, unit
        )

    def _det(self, number: str, slot: str, alone: bool) -> str:
        if slot == "tool":
            return self.random.choices(("the", "a", ""), (20, 70, 10))[0] if number == "sg" else ""
        weights = {"the": 36, "some": 9, "": 55} if alone else {"the": 20, "some": 5, "": 75}
        if slot in WHOLE:
            weights = {"the": 84, "": 16}
        if number == "sg" and slot not in {"mix", "part"}:
            weights = {"the": weights["the"], "a": 18, "": weights[""] // 2}
        return self.random.choices(list(weights), list(weights.values()))[0]

    # -- how it is typed ---------------------------------------------------------------------------------------------

    def _typed(self, clauses: list[Clause]) -> str:
        words = [self._english(clause) for clause in clauses]
        english = words[0]
        for more in words[1:]:
            english += self.random.choices((" and ", " then ", " and then ", ", ", " "), (70, 10, 6, 9, 5))[0] + more
        return english

    def _english(self, clause: Clause) -> str:
        rng = self.random

        def word(match: re.Match[str]) -> str:
            slot, role = match[1] or match[3], match[2] or ""
            value = clause.fills.get(slot)
            if value is None:
                return ""
            if isinstance(value, list):
                return self._join([self._phrase(np) for np in value])
            if isinstance(value, PlacePhrase):
                row = self.places[value.place]
                noun = f"{article(value.det, row['text'])} {row['text']}"
                surface = row["kind"] == "surface"
                preposition = {
                    "": ("",),
                    "to": ("to", "to", "onto", "on") if surface else ("to", "to", "to", "into", "in"),
                    "in": ("on",) if surface else ("in",),
                    "from": ("from", "off") if surface else ("from",),
                }[role]
                # The frames say "in {place.in}", "to {place.to}": the preposition is chosen here, by the kind of place.
                return f"{rng.choice(preposition)} {noun}"
            if isinstance(value, Quantity):
                row = self.units[value.unit]
                many = "one" if value.number in {"1", "one", "a", "half", "1/2"} else "many"
                number = {"a": "a", "few": "a few", "half": "half an"}.get(value.number, value.number)
                text = f"{number} {row[many]}"
                return f"for {text}" if match[3] else text
            return self.phrases[value]["text"]

        text = self.frames[clause.frame]["text"]
        text = re.sub(
            r"\b(in|to|into|on|onto|from|out of) (?=\{place\.)", lambda m: "out of " if m[1] == "out of" else "", text
        )
        text = SLOT.sub(word, text).replace("out of from", "out of").replace("out of off", "off of")
        return " ".join(text.split())

    def _phrase(self, np: NounPhrase) -> str:
        noun = " ".join([*(self.modifiers[m]["text"] for m in np.modifiers), self.nouns[np.noun]["text"]])
        if np.unit:
            row = self.units[np.unit]
            one = np.amount in {"1", "one", "a", "half", "1/2", "1/4", "3/4", "1/3"}
            number = {"half": "half a", "few": "a few", "a": "a"}.get(np.amount, np.amount)
            of = (
                " of"
                if self.random.random() < (0.65 if np.unit not in {"pinch", "dash", "handful", "bunch"} else 0.95)
                else ""
            )
            return f"{number} {row['one' if one else 'many']}{of} {noun}"
        if np.amount:
            number = {"few": "a few", "little": self.random.choice(("a little", "a little bit of", "a bit of"))}.get(
                np.amount, np.amount
            )
            if np.amount == "half":
                number = self.random.choice(("half the", "half an" if noun[0] in "aeiou" else "half a"))
            return f"{number} {noun}"
        return f"{article(np.det, noun)} {noun}".strip()

    def _join(self, items: Sequence[str]) -> str:
        if len(items) == 1:
            return items[0]
        style = self.random.random()
        if style < 0.1:
            return " and ".join(items)
        return (
            (" " if style < 0.62 else ", ").join(items[:-1])
            + (" and " if self.random.random() < 0.93 else " ")
            + items[-1]
        )

    def _noise(self, text: str) -> str:
        rng, words = self.random, text.split()
        if rng.random() < 0.12:
            words = [word for word in words if word not in {"the", "a", "an"} or rng.random() < 0.5]
        for index, word in enumerate(words):
            if word in TYPOS and rng.random() < 0.05:
                words[index] = TYPOS[word]
            elif len(word) > 5 and rng.random() < 0.004:
                at = rng.randrange(1, len(word) - 1)
                words[index] = word[:at] + (
                    word[at + 1 :] if rng.random() < 0.6 else word[at + 1] + word[at] + word[at + 2 :]
                )
            elif rng.random() < 0.002:
                words[index] = f"{word} {word}"
        text = " ".join(words)
        if rng.random() < 0.1:
            text = GLUED.sub(r"\1\2", text)
        if rng.random() < 0.4:
            text = RANGE.sub(rng.choice((" to ", " to ", " ", " - ")), text)
        return text + ("." if rng.random() < 0.04 else "")


def article(det: str, noun: str) -> str:
    """ "a" or "an" before ``noun``, any other determiner as it is."""
    return ("an" if noun[:1] in "aeiou" else "a") if det == "a" else det
