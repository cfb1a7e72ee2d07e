"""chrF, chrF++ and BLEU against human translations, with intervals, by sacrebleu.

sacrebleu gives each row's statistics and turns sums of them into scores. The bootstrap draws rows with its seed, so
that a score has sacrebleu's own signature and interval; the sums over draws are a matrix product here, since its own
loop would take gigabytes for a whole data set.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RecipeError
from ..languages import language

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

DRAWS, SEED = 1000, 12345  # sacrebleu's
_CHUNK = 4_000_000  # row numbers that are drawn at a time
LEAST_ROWS = 20  # of a group that is scored for itself
LENGTHS = (4, 8, 12, 16, 24)  # words of a caption; the last class is open
METRICS = ("chrF", "chrF++", "BLEU")
# Of scripts without spaces; 13a would take a sentence for one word.
_TOKENIZERS = {"Hans": "zh", "Hant": "zh", "Jpan": "ja-mecab"} | dict.fromkeys(
    ("Thai", "Laoo", "Khmr", "Mymr", "Tibt"), "char"
)
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A metric of a corpus, 0 to 100, with the 95% bounds of a bootstrap over its rows."""

    metric: str
    value: float
    low: float
    high: float
    signature: str


@dataclass(frozen=True)
class Group:
    """chrF of some of the rows, such as a recipe type's."""

    name: str
    rows: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ReferenceScores:
    """One language's scores. ``unknown`` and ``without`` name the first rows without a counterpart; all are counted."""

    lang: str
    rows: int
    references: int
    unknown_rows: int
    unknown: list[str]
    without_rows: int
    without: list[str]
    scores: list[Score]
    by_kind: list[Group] = field(default_factory=list)
    by_length: list[Group] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Statistics:
    """Each row's part in a metric, from which the score of any of the rows follows.

    Args:
        metric: one of ``METRICS``.
        texts: the translations; ``references``: of each row, one at least.
    """

    def __init__(self, metric: str, texts: Sequence[str], references: Sequence[Sequence[str]], lang: str) -> None:
        self.name, self._metric = metric, make_metric(metric, lang)
        most = max(len(row) for row in references)
        streams = [[row[n] if n < len(row) else None for row in references] for n in range(most)]
        rows = self._metric._extract_corpus_statistics(texts, streams)  # type: ignore[arg-type]  # it takes None
        self.rows: Numbers = np.array(rows, np.float64)
        signature = self._metric.get_signature()
        signature.update("bs", DRAWS)
        signature.update("seed", str(SEED))
        self.signature = str(signature)

    def score(self, sums: Numbers) -> float:
        """Of summed statistics."""
        return float(self._metric._compute_score_from_stats(sums.tolist()).score)

    def draws(self, rows: Numbers) -> Numbers:
        """The score of each bootstrap draw."""
        return np.array([self.score(sums) for sums in drawn_sums(rows)])

    def interval(self, rows: Numbers | None = None) -> tuple[float, float, float]:
        """Score and 95% bounds, of some rows' statistics or of all."""
        rows = self.rows if rows is None else rows
        low, high = np.percentile(self.draws(rows), [2.5, 97.5])
        return round(self.score(rows.sum(0)), 2), round(float(low), 2), round(float(high), 2)


def drawn_sums(rows: Numbers) -> Iterator[Numbers]:
    """The sum of each bootstrap draw of rows; the same draws for any table with as many rows."""
    random, count = np.random.default_rng(SEED), len(rows)
    at_once = max(1, min(DRAWS, _CHUNK // count))
    for first in range(0, DRAWS, at_once):
        drawn = random.choice(count, size=(min(at_once, DRAWS - first), count), replace=True)
        times = np.stack([np.bincount(draw, minlength=count) for draw in drawn]).astype(np.float64)
        yield from times @ rows


def make_metric(name: str, lang: str) -> "Metric":
    """sacrebleu's metric; BLEU splits Japanese by MeCab, and other languages without spaces by characters.

    Raises:
        RecipeError: the extra that has them is not installed.
    """
    try:
        from sacrebleu.metrics import BLEU, CHRF

        if name == "BLEU":
            return BLEU(tokenize=_TOKENIZERS.get(language(lang).script, "13a"), force=True)
        return CHRF(word_order=2 if name == "chrF++" else 0)
    except (ImportError, RuntimeError):
        raise RecipeError(
            "scores against references need sacrebleu, and MeCab for Japanese",
            hint="pip install -c constraints.txt -e '.[nmt]'",
        ) from None


def score_language(
    lang: str,
    texts: Sequence[str],
    references: Sequence[Sequence[str]],
    kinds: Sequence[str],
    captions: Sequence[str],
    about: Mapping[str, Any],
) -> ReferenceScores:
    """One language's rows against their references.

    Args:
        texts, references, kinds, captions: of each row: translation, references, recipe type, English caption.
        about: the counts and names of the rows without a counterpart, as :class:`ReferenceScores` has them.
    """
    found = {name: Statistics(name, texts, references, lang) for name in METRICS}
    scores = [Score(name, *one.interval(), one.signature) for name, one in found.items()]
    place = np.searchsorted(LENGTHS, [len(caption.split()) for caption in captions])
    names = [f"to {LENGTHS[0]} words", *(f"to {high}" for high in LENGTHS[1:]), f"over {LENGTHS[-1]}"]
    lengths = [(name, place == number) for number, name in enumerate(names)]
    kind = np.array(kinds)
    recipe_types = [(name, kind == name) for name in sorted(set(kinds) - {""})]
    return ReferenceScores(
        lang=lang, rows=len(texts), references=sum(len(row) for row in references), scores=scores, **about,
        by_kind=sorted(_groups(found["chrF"], recipe_types), key=lambda one: one.value),
        by_length=_groups(found["chrF"], lengths),
    )  # fmt: skip


def _groups(statistics: Statistics, parts: Sequence[tuple[str, NDArray[np.bool_]]]) -> list[Group]:
    return [
        Group(name, int(those.sum()), *statistics.interval(statistics.rows[those]))
        for name, those in parts
        if those.sum() >= LEAST_ROWS
    ]
