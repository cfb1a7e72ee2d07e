"""What a reviewer sees and does: the lists, what holds of each row at this moment, and the rules of an action."""

from collections import Counter
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from .overlay import ALL_OF, TEXT_CHARACTERS, Action, Key, Outcome, Reviews, Said, require_name, text_hash
from .worklist import Worklist

STATES = {"": "all rows", "open": "not reviewed", "reviewed": "reviewed", "disagree": "reviewers disagree",
          "stale": "edited, then translated anew"}  # fmt: skip


class Refused(Exception):
    """An action that cannot be, in words for the reviewer; ``status`` is HTTP's."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Session:
    """One reviewer at work. Other reviewers' sessions write beside it.

    Args:
        worklists: language -> its rows; the first is shown first.
        reviews: where actions go.
        reviewer: whose actions they are.

    Attributes:
        worklists: the lists without the kinds of flags that were dismissed.
        outcomes: what holds of the rows, as far as it is known here; :meth:`now` asks anew.
        done: language -> how many rows are reviewed.
        acted: the rows in the order in which the reviewer went through them.
    """

    def __init__(self, worklists: Mapping[str, Worklist], reviews: Reviews, reviewer: str) -> None:
        require_name(reviewer)
        self.reviews, self.reviewer, self._all = reviews, reviewer, worklists
        self.worklists = {lang: list_.without(reviews.dismissed(lang)) for lang, list_ in worklists.items()}
        self._texts = {row.key: row.text for list_ in worklists.values() for row in list_.rows}
        self.outcomes = reviews.outcomes(self._texts)
        self.done = Counter(lang for _, _, lang in self.outcomes)
        self.acted: list[Key] = []

    def seen(self, key: Key) -> str:
        """The hash of a row's translation; empty if there is no such row."""
        return text_hash(self._texts[key]) if key in self._texts else ""

    def now(self, key: Key) -> Outcome | None:
        """What holds of a row at this moment, whoever said it; the filters and counts follow."""
        found = self.reviews.outcomes({key: self._texts[key]})
        self.done[key[2]] += len(found) - (self.outcomes.pop(key, None) is not None)
        self.outcomes |= found
        return found.get(key)

    def own(self, key: Key) -> Said | None:
        """What the reviewer has said of today's translation."""
        said = self.reviews.own(self.reviewer, key)
        return said if said and (said.action == "edit" or said.seen == self.seen(key)) else None

    def act(self, key: Key, seen: str, action: Action, text: str) -> Outcome | None:
        """Do what the reviewer asks for a row, on the disk; what holds then.

        Args:
            seen: hash of the machine's translation that they had before them.
            text: of an edit the new translation; else the one that a person wrote and that they had before them, if
                any. To accept confirms that one, not the machine's.

        Raises:
            Refused: the row is another than they saw, or there is nothing to take back, or no translation.
            WorkspaceError: a file is damaged, or the disk refuses.
        """
        if not seen or seen != self.seen(key):
            raise Refused(409, "this row is not there any more: load the page again")
        if action == "undo" and self.own(key) is None:
            raise Refused(409, "you have said nothing of this row that could be taken back")
        text, now = _one_line(text), self.now(key)  # somebody else's server may have written
        edited = now.text if now and now.action == "edit" else ""
        if action in ("accept", "reject") and text != _one_line(edited):
            raise Refused(409, "somebody else has written to this row: load the page again")
        if action == "accept" and not (edited or self._texts[key].strip()):
            raise Refused(409, "there is no translation to accept: edit it")
        if action == "accept" and edited:
            action, text = "edit", edited
        elif action == "edit" and text and text == _one_line(self._texts[key]):
            action = "accept"  # what nobody has changed is no person's translation
        try:
            self.reviews.say(self.reviewer, key, seen, action, text if action == "edit" else "")
        except ValidationError:
            raise Refused(400, f"a translation has 1 to {TEXT_CHARACTERS} characters") from None
        if action != "undo":
            self.acted.append(key)
        elif key in self.acted:
            del self.acted[-1 - self.acted[::-1].index(key)]
        return self.now(key)

    def dismiss(self, lang: str, check: str, *, dismiss: bool) -> list[str]:
        """Take a signal's flags from a language's list, or show them again; the names of those that are gone.

        Raises:
            Refused: no such signal, or this reviewer has not dismissed it.
            WorkspaceError: see :meth:`act`.
        """
        worklist, kind = self._all.get(lang), (ALL_OF + check, 0, lang)
        if worklist is None or check not in worklist.signals:
            raise Refused(409, "there is no such signal to dismiss")
        if not dismiss and self.reviews.own(self.reviewer, kind) is None:
            raise Refused(409, "only who dismissed a signal can show it again")
        self.reviews.say(self.reviewer, kind, "", "dismiss" if dismiss else "undo")
        dismissed = self.reviews.dismissed(lang)
        self.worklists[lang] = worklist.without(dismissed)
        return sorted(dismissed)

    def only(self, state: str, reviewer: str) -> Callable[[Key], bool] | None:
        """Which captions a state (one of ``STATES``) and a reviewer leave; ``None``: all."""
        of = self.outcomes
        states: dict[str, Callable[[Key], bool]] = {
            "open": lambda key: key not in of,
            "reviewed": lambda key: key in of,
            "disagree": lambda key: key in of and of[key].disagree,
            "stale": lambda key: key in of and of[key].stale,
        }
        wanted = states.get(state)
        if not reviewer:
            return wanted
        return lambda key: key in of and of[key].reviewer == reviewer and (wanted is None or wanted(key))


def _one_line(text: str) -> str:
    return " ".join(text.split())
