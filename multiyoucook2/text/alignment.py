"""Which piece of a translation stands for which word of its source, learned from the translations themselves.

IBM model 1 (Brown and others, 1993) in the direction p(source word | target unit): each word of a source is explained
by one unit of its translation or by none. The words that a translator regularly turns into the same pieces get a
probability near their usual one; a word that was dropped or turned into something else gets a small one in that row.

Every row is judged by the *other* rows: its own share is taken out of the counts first, or rare words would vouch for
themselves. All work is done on flat arrays: one entry a row, source word and target unit (a link).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..allocators import release_freed

ROUNDS = 5
SMOOTHING = 2  # added to the rows of a unit: one that was seen once knows little
FLOOR = 1e-4  # probability of what was never seen
CLEAR = 0.2  # probability from which a unit belongs to a word
NOTHING = 0  # the unit that stands in every row, for words that translations have no piece for

Ints = NDArray[np.int64]
Places = NDArray[np.int32]  # of links, of which there are hundreds a row
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Ragged:
    """The words of rows as ids, each once a row: row ``n`` is ``ids[starts[n]:starts[n + 1]]``.

    ``counts`` says how often a word stands in its row.
    """

    ids: Ints
    counts: Ints
    starts: Ints

    @classmethod
    def of(cls, rows: Iterable[Iterable[str]], known: dict[str, int], first: Sequence[int] = ()) -> "Ragged":
        """Rows of words as ids; new words get the next id of ``known``. ``first`` ids stand in front of every row."""
        ids: list[int] = []
        counts: list[int] = []
        starts = [0]
        for row in rows:
            found = Counter(row)
            ids.extend(first)
            ids.extend([known.setdefault(word, len(known)) for word in found])
            counts.extend([1] * len(first))
            counts.extend(found.values())
            starts.append(len(ids))
        return cls(np.array(ids, np.int64), np.array(counts, np.int64), np.array(starts, np.int64))

    @property
    def lengths(self) -> Ints:
        """How many different words each row has."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Ints:
        """The row of each id."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def most(self, values: Floats) -> Floats:
        """The largest of each row's values, one value an id; 0 for an empty row."""
        return self._reduced(np.maximum, values)

    def sum(self, values: Floats) -> Floats:
        """The sum of each row's values, one value an id."""
        return self._reduced(np.add, values)

    def _reduced(self, how: np.ufunc, values: Floats) -> Floats:
        found = np.zeros(len(self.lengths), np.float32)
        filled = self.lengths > 0
        if len(values):
            found[filled] = how.reduceat(values, self.starts[:-1][filled])
        return found

    def take(self, rows: Ints) -> tuple["Ragged", Ints]:
        """Some of the rows, in the order given; and the places that their ids have here."""
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], lengths)
        return Ragged(self.ids[places], self.counts[places], starts), places

    def __add__(self, other: "Ragged") -> "Ragged":
        starts = np.concatenate([self.starts, other.starts[1:] + len(self.ids)])
        return Ragged(np.concatenate([self.ids, other.ids]), np.concatenate([self.counts, other.counts]), starts)


@dataclass(frozen=True)
class Links:
    """All pairs (source word, target unit) within rows, grouped by the source word's place."""

    word: Places  # place of the source word in ``sources.ids``
    unit: Places  # place of the unit in ``targets.ids``
    groups: Ints  # where the links of each source word start

    @classmethod
    def of(cls, sources: Ragged, targets: Ragged) -> "Links":
        units_of_word = np.repeat(targets.lengths, sources.lengths)  # how many links each source word has
        groups = np.concatenate([[0], np.cumsum(units_of_word)[:-1]]) if len(units_of_word) else np.zeros(0, np.int64)
        word = np.repeat(np.arange(len(sources.ids), dtype=np.int32), units_of_word)
        first_unit = np.repeat(targets.starts[:-1], sources.lengths)
        unit = np.arange(len(word), dtype=np.int32)
        unit -= np.repeat((groups - first_unit).astype(np.int32), units_of_word)
        return cls(word, unit, groups)


@dataclass(frozen=True)
class Support:
    """How well the words and units of rows explain each other, the other rows judging.

    ``words`` (one a word of the sources) and ``units`` (one a unit of the targets) are log-probabilities of the best
    link, in nats. ``explained`` is how many words of its row, counted as often as they stand there, clearly belong to a
    unit.
    """

    words: Floats
    units: Floats
    explained: Floats

    def __add__(self, other: "Support") -> "Support":
        both = zip((self.words, self.units, self.explained), (other.words, other.units, other.explained), strict=True)
        return Support(*(np.concatenate(pair) for pair in both))


class Alignment:
    """Probabilities of source words given target units, learned from pairs.

    Args:
        sources: the source words of each pair, each once.
        targets: the target units of each pair, each once, ``NOTHING`` in front.
        weights: how much each pair counts.
        rounds: of expectation and maximisation.

    Attributes:
        own: the support of the pairs that it was learned from, each without its own share in the counts.
    """

    def __init__(self, sources: Ragged, targets: Ragged, weights: Floats, rounds: int = ROUNDS) -> None:
        links = Links.of(sources, targets)
        self._units = int(targets.ids.max(initial=0)) + 1
        self._keys, pair = _distinct(sources.ids[links.word] * self._units + targets.ids[links.unit])
        self._pair_unit = self._keys % self._units
        share = self._learn(links, pair, np.repeat(weights, sources.lengths)[links.word], rounds)
        self.own = self._own_support(sources, targets, links, pair, share)

    def _learn(self, links: Links, pair: Places, weights: Floats, rounds: int) -> Floats:
        """Counts and totals; gives each link's share in them."""
        probability = np.ones(len(self._keys), np.float32)
        for _ in range(rounds):
            share: Floats = probability[pair]
            share /= np.add.reduceat(share, links.groups)[links.word]
            share *= weights
            self._counts = np.bincount(pair, share, len(self._keys)).astype(np.float32)
            self._totals = np.bincount(self._pair_unit, self._counts, self._units).astype(np.float32)
            probability = self._counts / self._totals[self._pair_unit]
        return share

    def probabilities(self) -> dict[tuple[int, int], float]:
        """p(source word | unit) of all pairs that were seen, by ids."""
        values = self._counts / self._totals[self._pair_unit]
        pairs = zip((self._keys // self._units).tolist(), (self._keys % self._units).tolist(), strict=True)
        return dict(zip(pairs, values.tolist(), strict=True))

    def _own_support(self, sources: Ragged, targets: Ragged, links: Links, pair: Places, share: Floats) -> Support:
        own_totals = np.bincount(links.unit, share, len(targets.ids)).astype(np.float32)
        counts = self._counts[pair] - share
        totals = self._totals[targets.ids[links.unit]] - own_totals[links.unit]
        return self._support(sources, targets, links, counts, totals)

    def without(self, sources: Ragged, targets: Ragged) -> "Alignment":
        """One that some of its pairs have not taught: their share is taken out of the counts."""
        links, other = Links.of(sources, targets), copy(self)
        place, _ = self._places(sources, targets, links)
        share = self._counts[place] / self._totals[self._pair_unit[place]]
        if len(share):
            share /= np.add.reduceat(share, links.groups)[links.word]
        gone = np.bincount(place, share, len(self._keys))
        other._counts = np.clip(self._counts - gone, 0, None).astype(np.float32)
        other._totals = np.bincount(self._pair_unit, other._counts, self._units).astype(np.float32)
        return other

    def _places(self, sources: Ragged, targets: Ragged, links: Links) -> tuple[Ints, NDArray[np.bool_]]:
        """The place of each link among the pairs that were seen, and whether it is one of them."""
        unit = targets.ids[links.unit]
        key = sources.ids[links.word] * self._units + unit
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return place, (self._keys[place] == key) & (unit < self._units)

    def support(self, sources: Ragged, targets: Ragged) -> Support:
        """The support of other pairs, whose ids are of the same words and units; new ones have larger ids."""
        links = Links.of(sources, targets)
        unit = targets.ids[links.unit]
        place, known = self._places(sources, targets, links)
        counts = np.where(known, self._counts[place], 0).astype(np.float32)
        totals = np.append(self._totals, 0)[np.minimum(unit, self._units)]
        return self._support(sources, targets, links, counts, totals.astype(np.float32))

    def share(self, wanted: NDArray[np.bool_]) -> Floats:
        """How much of each unit's probability goes to the wanted source words, 0 to 1."""
        counts = np.where(wanted[self._keys // self._units], self._counts, 0)
        found: Floats = (np.bincount(self._pair_unit, counts, self._units) / (self._totals + 1)).astype(np.float32)
        return found

    def _support(self, sources: Ragged, targets: Ragged, links: Links, counts: Floats, totals: Floats) -> Support:
        counts = np.where(targets.ids[links.unit] == NOTHING, 0, counts)
        logs = np.log(np.maximum(counts / (totals + SMOOTHING), FLOOR)).astype(np.float32)
        words = np.full(len(sources.ids), np.log(FLOOR), np.float32)
        units = np.full(len(targets.ids), np.log(FLOOR), np.float32)
        explained = np.zeros(len(targets.ids), np.float32)
        if len(logs):
            words = np.maximum.reduceat(logs, links.groups)  # every row has a unit: NOTHING
            turned = Links.of(targets, sources)  # the same links, grouped by unit
            offset = (np.arange(len(targets.ids)) - targets.starts[targets.rows]).astype(np.int32)
            place = links.groups.astype(np.int32)[turned.unit]
            place += offset[turned.word]
            by_unit = logs[place]
            clear = sources.counts.astype(np.float32)[turned.unit]
            clear[by_unit <= np.log(CLEAR)] = 0
            filled = sources.lengths[targets.rows] > 0
            units[filled] = np.maximum.reduceat(by_unit, turned.groups[filled])
            explained[filled] = np.add.reduceat(clear, turned.groups[filled])
        return Support(words, units, explained)


def _distinct(values: Ints) -> tuple[Ints, Places]:
    """The distinct values, sorted, and the place of each value among them; by hashing, which is faster than sorting."""
    encoded = pa.array(values).dictionary_encode()
    found = encoded.dictionary.to_numpy()
    order = np.argsort(found)
    place = np.empty(len(found), np.int32)
    place[order] = np.arange(len(found), dtype=np.int32)
    places = place[encoded.indices.to_numpy()]
    del encoded
    release_freed()  # the table of hashes, before the counts come
    return found[order], places


def usual(ids: Ints, values: Floats, size: int) -> tuple[Floats, Ints]:
    """The median of the values of each id, and how many there are; ``nan`` for an id without any."""
    order = np.lexsort((values, ids))
    counts = np.bincount(ids, minlength=size)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranked = values[order]
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    found = counts > 0
    medians = np.full(size, np.nan, np.float32)
    medians[found] = (ranked[low[found]] + ranked[high[found]]) / 2
    return medians, counts
