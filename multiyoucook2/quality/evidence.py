"""What the alignment says of each row of a batch: which words have no counterpart, which pieces have no source.

The alignment is learned from the batch itself, from a build's rows where ``like`` gives them, and from the sound pairs
that ship. It is the dictionary of this engine, language and data set; nobody has to write one.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..text.alignment import NOTHING, Alignment, Floats, Ragged, Support, usual
from ..text.words import FUNCTION_WORDS, english_words, source_units, stem, target_units

RARE = 2  # a word needs so many rows for its usual support to be known
MOST = 6.0  # nats; more is not worse
CONTENT = 0.5  # a unit that belongs to content words to this share is one of a content word
Pair = tuple[str, str]
_FUNCTION_STEMS = frozenset(stem(word) for word in FUNCTION_WORDS)


class Evidence:
    """The alignment's view of pairs of one language.

    Args:
        pairs: (caption, translation), those that are judged.
        lang: the language of the translations.
        like: pairs by the same engine to learn from; none: ``pairs`` themselves.
        sound: pairs that people wrote, to learn from besides.
        source_lang: the language of the captions.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        lang: str,
        like: Sequence[Pair] = (),
        sound: Sequence[Pair] = (),
        source_lang: str = "en",
    ) -> None:
        self.lang, self.source_lang = lang, source_lang
        self._words, self._units = {"": NOTHING}, {"": NOTHING}
        learned = list(dict.fromkeys(like or pairs))
        place = {pair: number for number, pair in enumerate(learned)}
        others = list(dict.fromkeys(pair for pair in pairs if pair not in place))
        place.update((pair, number) for number, pair in enumerate(others, len(learned)))
        self._row = np.array([place[pair] for pair in pairs], np.int64)
        self._distinct = [*learned, *others]
        self.peers: list[Pair] = [*learned, *sound]  # what is usual was learned from these
        self._judge(learned, others, sound)

    def _judge(self, learned: Sequence[Pair], others: Sequence[Pair], sound: Sequence[Pair]) -> None:
        known, new, human = (self._read(pairs) for pairs in (learned, others, sound))
        sources, targets = known[0] + human[0], known[1] + human[1]
        alignment = Alignment(sources, targets, np.ones(len(learned) + len(sound), np.float32))
        support = alignment.own_support()
        usual_words, rows_of_word = usual(sources.ids, support.words, len(self._words))
        usual_units, rows_of_unit = usual(targets.ids, support.units, len(self._units))
        mine = Support(
            support.words[: len(known[0].ids)],
            support.units[: len(known[1].ids)],
            support.explained[: len(known[1].ids)],
        )
        self._sources, self._targets = known[0] + new[0], known[1] + new[1]
        self._support = mine + alignment.support(*new) if others else mine
        content = np.array([len(word) > 1 and word not in _FUNCTION_STEMS for word in self._words])
        self._content = content[self._sources.ids]
        ids, units = self._sources.ids, self._targets.ids
        miss = np.where(rows_of_word[ids] >= RARE, usual_words[ids] - self._support.words, 0)
        self._miss = np.where(self._content, np.clip(miss, 0, None), 0).astype(np.float32)
        share = np.append(alignment.share(content), np.zeros(len(self._units), np.float32))[units]
        extra = np.where(rows_of_unit[units] >= RARE, usual_units[units] - self._support.units, 0)
        self._extra = np.where(share >= CONTENT, np.clip(extra, 0, None), 0).astype(np.float32)
        telling = np.array([unit[:1] == "_" or len(unit) == 2 for unit in self._units])[units]
        surplus = self._targets.counts - np.maximum(self._support.explained, 1)
        self._surplus = np.where((share >= CONTENT) & telling, np.clip(surplus, 0, None), 0).astype(np.float32)

    def _read(self, pairs: Sequence[Pair]) -> tuple[Ragged, Ragged]:
        words = (source_units(caption, self.source_lang) for caption, _ in pairs)
        units = (target_units(text, self.lang) for _, text in pairs)
        return Ragged.of(words, self._words), Ragged.of(units, self._units, first=[NOTHING])

    @cached_property
    def worst_miss(self) -> Floats:
        """For each pair the largest miss of a content word, in nats."""
        return self._sources.most(self._miss)[self._row]

    @cached_property
    def all_misses(self) -> Floats:
        """For each pair the misses of all content words together, each at most ``MOST``."""
        return self._sources.sum(np.minimum(self._miss, MOST))[self._row]

    @cached_property
    def unsupported(self) -> Floats:
        """For each pair how little its content words are supported at all: minus the log-probability of the worst."""
        return self._sources.most(np.where(self._content, -self._support.words, 0))[self._row]

    @cached_property
    def extra(self) -> Floats:
        """For each pair the largest lack of a source that a unit of a content word has, in nats."""
        return self._targets.most(self._extra)[self._row]

    @cached_property
    def surplus(self) -> Floats:
        """For each pair how often a unit of a content word stands there beyond the words that it belongs to."""
        return self._targets.most(self._surplus)[self._row]

    def missed(self, row: int, above: float) -> list[str]:
        """The caption's words, as they stand there, whose miss is larger, the worst first."""
        caption = self._distinct[self._row[row]][0]
        said = {stem(word): word for word in english_words(caption)} if self.source_lang == "en" else {}
        return [said.get(word, word) for word in self._named(self._sources, self._words, self._miss, row, above)]

    def extra_units(self, row: int, above: float) -> list[str]:
        """The units whose lack of a source is larger, the worst first."""
        return self._named(self._targets, self._units, self._extra, row, above)

    def surplus_units(self, row: int) -> list[str]:
        """The units that stand there too often, the worst first."""
        return self._named(self._targets, self._units, self._surplus, row, 0)

    def _named(self, where: Ragged, names: dict[str, int], values: Floats, row: int, above: float) -> list[str]:
        number = self._row[row]
        first, last = where.starts[number : number + 2]
        places = first + np.flatnonzero(values[first:last] > above)
        worst = places[np.argsort(-values[places], kind="stable")]
        every = list(names)
        return [every[number] for number in where.ids[worst]]
