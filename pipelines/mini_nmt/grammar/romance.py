"""What the French and Spanish realisers share: short adverbs after the verb, lists, agreement of modifiers."""

from dataclasses import replace

from .base import Clause, NounPhrase, TargetLanguage

SHORT_ADVERBS = {
    "how.well",
    "how.together",
    "how.thoroughly",
    "how.gently",
    "how.slowly",
    "how.quickly",
    "how.evenly",
    "how.continuously",
    "how.constantly",
    "how.again",
    "how.lightly",
    "how.properly",
    "how.carefully",
    "how.generously",
    "how.a_little",
}
ONE = {"1", "one", "a", "half", "1/2", "1/4", "3/4", "1/3"}
COLOURS = {"white", "red", "green", "yellow", "brown", "black", "dark", "golden", "purple"}


class Romance(TargetLanguage):
    """A frame's ``@`` is the place of a short adverb ("mélangez bien le riz"); longer ones stay at ``[how]``."""

    def __init__(self) -> None:
        super().__init__()
        for key, text in list(self.frames.items()):
            if "@" in text:
                self.frames[key] = text.replace("@ ", "")
                self.frames[f"{key}@"] = text.replace(" [how]", "").replace("@", "[how]")

    def fill(self, clause: Clause) -> str:
        """Moves a short adverb to the ``@`` and marks a list's bare nouns: in French they become definite."""
        fills = dict(clause.fills)
        for slot, value in fills.items():
            if isinstance(value, list) and (len(value) > 1 or "food_and_food2" in clause.frame):
                fills[slot] = [np if np.det or np.amount else replace(np, det="list") for np in value]
        frame = clause.frame
        if fills.get("how") in SHORT_ADVERBS and f"{frame}@" in self.frames:
            frame = f"{frame}@"
        return super().fill(Clause(frame, fills))

    def described(self, np: NounPhrase) -> tuple[str, str, bool, bool]:
        """Noun with its modifiers (colours next to it), gender, whether plural, whether an adjective precedes it."""
        row = self.nouns[np.noun]
        plural = row["num"] == "pl"
        gender = row["g"].split("+")[-1]
        before: list[str] = []
        after: list[str] = []
        for key in sorted(np.modifiers, key=lambda key: key not in COLOURS):
            # Meat is minced where spices are ground, and pulled apart where cheese is grated.
            modifier = self.modifiers.get(f"{key}.{np.cls}", self.modifiers[key])
            word = modifier[f"{gender}p" if plural else gender]
            (before if modifier["pos"] == "pre" else after).append(word)
        return " ".join([*before, row["text"], *after]), gender, plural, bool(before)
