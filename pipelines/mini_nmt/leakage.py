"""Keeps the mini corpus out of the training text, near copies too.

A training sentence leaks a caption when the longest common subsequence of their words is longer than two thirds of the
caption's words: then it holds most of the caption, in order.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

LIMIT = 2 / 3
GRAMMATICAL = frozenset(
    "a an and at for from in into it of off on onto or over some the them then to until up with".split()
)


def words(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"[^\W_]+(?:[./'-][^\W_]+)*", text.lower())


def common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence of two word lists."""
    best = [0] * (len(b) + 1)
    for word in a:
        diagonal = 0
        for index, other in enumerate(b, start=1):
            diagonal, best[index] = best[index], diagonal + 1 if word == other else max(best[index], best[index - 1])
    return best[-1]


def leaks(sentence: str, caption: str) -> bool:
    """Whether ``sentence`` holds more than two thirds of the words of ``caption``, in order."""
    caption_words = words(caption)
    return common_subsequence(words(sentence), caption_words) > LIMIT * len(caption_words)


class LeakFilter:
    """``leaks`` against many captions at once, through an index of their content words.

    Only captions that share enough content words can leak: of a caption with n words, g of them grammatical, more than
    2/3 n must be found, so more than 2/3 n - g content words.
    """

    def __init__(self, captions: Iterable[str]) -> None:
        self._captions = [(caption, words(caption)) for caption in captions]
        self._needed: list[float] = []
        self._holding: dict[str, list[tuple[int, int]]] = {}  # word -> captions with it, and how often they have it
        for index, (_, tokens) in enumerate(self._captions):
            content = [word for word in tokens if word not in GRAMMATICAL]
            self._needed.append(LIMIT * len(tokens) - (len(tokens) - len(content)))
            if self._needed[-1] < 0:
                raise ValueError(f"too few content words to guard this caption: {self._captions[index][0]!r}")
            for word, times in Counter(content).items():
                self._holding.setdefault(word, []).append((index, times))

    def caption_in(self, sentence: str) -> str | None:
        """A caption that the sentence leaks, or None."""
        tokens = words(sentence)
        shared: Counter[int] = Counter()
        for word in set(tokens):
            for index, times in self._holding.get(word, ()):
                shared[index] += times
        for index, count in shared.items():
            if count > self._needed[index]:
                caption, caption_words = self._captions[index]
                if common_subsequence(tokens, caption_words) > LIMIT * len(caption_words):
                    return caption
        return None


def mini_captions() -> list[str]:
    """All English captions of the bundled corpus."""
    path = Path(__file__).resolve().parents[2] / "multiyoucook2" / "mini" / "annotations.json"
    database = json.loads(path.read_text(encoding="utf-8"))["database"]
    return [clip["sentence"] for video in database.values() for clip in video["annotations"]]
