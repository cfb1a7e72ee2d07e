"""What the alignment says of each row of a batch: which words have no counterpart, which pieces have no source.

The alignment is learned from the build's own rows, or from others by the same engine, and from the sound pairs that
ship (:class:`Learned`). It is the dictionary of this engine, language and data set; nobody has to write one. Rows are
then judged by it (:class:`Evidence`), a part of a large build at a time.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..text.alignment import NOTHING, Alignment, Floats, Ints, Ragged, Support, usual
from ..text.words import FUNCTION_WORDS, english_words, source_units, stem, target_units

RARE = 2  # a word needs so many rows for its usual support to be known
SOUND = 2.0  # how much a pair that people wrote counts beside an engine's
MOST = 6.0  # nats; more is not worse
TOGETHER = 2_000  # pairs whose support is computed at once: of long ones each has hundreds of links of 60 bytes
CONTENT = 0.5  # a unit that belongs to content words to this share is one of a content word
LONGEST = 2_000  # characters of a caption or translation that are read: a pair's links grow with the product of both
Pair = tuple[str, str]
_FUNCTION_STEMS = frozenset(stem(word) for word in FUNCTION_WORDS)


class Learned:
    """An alignment, and how much support words and units usually have in it.

    Args:
        pairs: (caption, translation) to learn from; a pair that is there twice counts once.
        lang: the language of the translations.
        sound: pairs that people wrote, to learn from besides.
        source_lang: the language of the captions.
    """

    def __init__(self, pairs: Iterable[Pair], lang: str, sound: Sequence[Pair] = (), source_lang: str = "en") -> None:
        self.lang, self.source_lang = lang, source_lang
        self.words, self.units = {"": NOTHING}, {"": NOTHING}
        own = list(dict.fromkeys(pairs))
        self.place = {pair: number for number, pair in enumerate(own)}
        self.peers: list[Pair] = [*own, *sound]  # what is usual was learned from these
        mine, human = (read_pairs(some, lang, source_lang, self.words, self.units) for some in (own, sound))
        sources, targets = mine[0] + human[0], mine[1] + human[1]
        weights = np.repeat(np.array([1, SOUND], np.float32), [len(own), len(sound)])
        self.alignment = Alignment(sources, targets, weights)
        support = self.alignment.own
        self.usual_words, self.rows_of_word = usual(sources.ids, support.words, len(self.words))
        self.usual_units, self.rows_of_unit = usual(targets.ids, support.units, len(self.units))
        self.content_share = self.alignment.share(content_words(self.words))
        self.sources, self.targets = mine
        words, units = len(mine[0].ids), len(mine[1].ids)
        self.support = Support(support.words[:words], support.units[:units], support.explained[:units])

    def without(self, pairs: Iterable[Pair]) -> "Learned":
        """What the other pairs teach; what is usual stays as it was."""
        left_out = {pair for pair in pairs if pair in self.place}
        other = copy(self)
        rows = np.array(sorted(self.place[pair] for pair in left_out), np.int64)
        other.alignment = self.alignment.without(self.sources.take(rows)[0], self.targets.take(rows)[0])
        other.place = {pair: place for pair, place in self.place.items() if pair not in left_out}
        return other


class Evidence:
    """The alignment's view of pairs: of those that it was learned from without their own share, of others as it is.

    Args:
        pairs: (caption, translation), those that are judged.
        learned: what they are judged by.
    """

    def __init__(self, pairs: Sequence[Pair], learned: Learned) -> None:
        self.lang, self.source_lang = learned.lang, learned.source_lang
        self._words, self._units = dict(learned.words), dict(learned.units)
        self._distinct = list(dict.fromkeys(pairs))
        known = [pair for pair in self._distinct if pair in learned.place]
        others = [pair for pair in self._distinct if pair not in learned.place]
        self._distinct = [*known, *others]
        place = {pair: number for number, pair in enumerate(self._distinct)}
        self._row = np.array([place[pair] for pair in pairs], np.int64)
        self._read([learned.place[pair] for pair in known], others, learned)
        self._judge(learned)

    def _read(self, known: Sequence[int], others: Sequence[Pair], learned: Learned) -> None:
        """Words, units and their support: of the known pairs as they were learned, of the others now."""
        chosen = np.array(known, np.int64)
        self._sources, words = learned.sources.take(chosen)
        self._targets, units = learned.targets.take(chosen)
        mine = learned.support
        self._support = Support(mine.words[words], mine.units[units], mine.explained[units])
        for first in range(0, len(others), TOGETHER):
            some = others[first : first + TOGETHER]
            new = read_pairs(some, self.lang, self.source_lang, self._words, self._units)
            self._sources, self._targets = self._sources + new[0], self._targets + new[1]
            self._support = self._support + learned.alignment.support(*new)

    def _judge(self, learned: Learned) -> None:
        """How far the support falls short of what is usual for the word or unit."""
        words, units = self._sources.ids, self._targets.ids
        self._content = content_words(self._words)[words]
        usual_words, rows_of_word = (
            _padded(column, len(self._words)) for column in (learned.usual_words, learned.rows_of_word)
        )
        usual_units, rows_of_unit, share = (
            _padded(column, len(self._units))
            for column in (learned.usual_units, learned.rows_of_unit, learned.content_share)
        )
        miss = np.where(rows_of_word[words] >= RARE, usual_words[words] - self._support.words, 0)
        self._miss = np.where(self._content, np.clip(miss, 0, None), 0).astype(np.float32)
        extra = np.where(rows_of_unit[units] >= RARE, usual_units[units] - self._support.units, 0)
        self._extra = np.where(share[units] >= CONTENT, np.clip(extra, 0, None), 0).astype(np.float32)
        telling = np.array([unit[:1] == "_" or len(unit) == 2 for unit in self._units])[units]
        surplus = self._targets.counts - np.maximum(self._support.explained, 1)
        self._surplus = np.where((share[units] >= CONTENT) & telling, np.clip(surplus, 0, None), 0).astype(np.float32)

    def lost(self, above: float) -> Floats:
        """For each pair how many content words miss more nats than that."""
        return self._sources.sum((self._miss > above).astype(np.float32))[self._row]

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
        return [said.get(word, word) for word in self._named(self._sources, self._word_names, self._miss, row, above)]

    def extra_units(self, row: int, above: float) -> list[str]:
        """The units whose lack of a source is larger, the worst first."""
        return self._named(self._targets, self._unit_names, self._extra, row, above)

    def surplus_units(self, row: int) -> list[str]:
        """The units that stand there too often, the worst first."""
        return self._named(self._targets, self._unit_names, self._surplus, row, 0)

    @cached_property
    def _word_names(self) -> list[str]:
        return list(self._words)

    @cached_property
    def _unit_names(self) -> list[str]:
        return list(self._units)

    def _named(self, where: Ragged, names: Sequence[str], values: Floats, row: int, above: float) -> list[str]:
        number = self._row[row]
        first, last = where.starts[number : number + 2]
        places = first + np.flatnonzero(values[first:last] > above)
        worst = places[np.argsort(-values[places], kind="stable")]
        return [names[number] for number in where.ids[worst]]


def read_pairs(
    pairs: Sequence[Pair], lang: str, source_lang: str, words: dict[str, int], units: dict[str, int]
) -> tuple[Ragged, Ragged]:
    """The words of captions and the units of translations, by ids; new ones get the next."""
    of_captions = (source_units(caption[:LONGEST], source_lang) for caption, _ in pairs)
    of_texts = (target_units(text[:LONGEST], lang) for _, text in pairs)
    return Ragged.of(of_captions, words), Ragged.of(of_texts, units, first=[NOTHING])


def content_words(words: Iterable[str]) -> NDArray[np.bool_]:
    """Which words a translation should have a counterpart of."""
    return np.array([len(word) > 1 and word not in _FUNCTION_STEMS for word in words])


def _padded(values: Floats | Ints, size: int) -> Floats | Ints:
    """Zeros behind, for words and units that were not learned from."""
    return np.append(values, np.zeros(size - len(values), values.dtype))
