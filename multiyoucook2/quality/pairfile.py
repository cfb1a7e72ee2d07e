"""Any pairs, judged: a tab-separated file with the columns ``source`` and ``translation``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import DatasetError, nearest, shown
from ..files import by_column, column_names, read_text
from ..languages import language
from .check import Batch, Context, Findings, run_checks
from .estimation import calibration_of, mostly, row_quality, severity_of, shipped
from .evidence import Pair
from .pairs import published_engines, published_pairs, sound_pairs
from .settings import MIN_QUALITY, Checks
from .table import as_many_as_fit

COLUMNS = ("source", "translation")


@dataclass(frozen=True)
class Found:
    """What one check finds in a row."""

    check: str
    severity: str
    reason: str
    score: float


@dataclass(frozen=True)
class CheckedRow:
    """One pair: how likely its meaning is kept, and all that was found."""

    quality: float
    accepted: bool
    checks: tuple[Found, ...]


@dataclass(frozen=True)
class CheckedPairs:
    """A file's rows in its order.

    ``calibrated``: there is a data set that they are judged like, and the quality of nearly all its rows is calibrated.
    """

    rows: tuple[CheckedRow, ...]
    calibrated: bool

    def as_json(self) -> dict[str, object]:
        """As ``mycook check --json`` prints it."""
        return asdict(self)


def read_pair_file(path: Path) -> list[Pair]:
    """The pairs of a file, in its order.

    Raises:
        DatasetError: it cannot be read, lacks a column, or a row is cut; the message names the row.
    """
    try:
        text = read_text(path, error=DatasetError)
    except OSError as error:
        raise DatasetError(f"{shown(path)} cannot be read: {error.strerror}", hint="give a readable file") from None
    first, *lines = [line.split("\t") for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]
    names = column_names(first)
    for name in COLUMNS:
        if name not in names:
            raise DatasetError(f"{shown(path)} has no column {name!r}", hint=nearest(name, names))
    pairs = []
    for number, cells in enumerate(lines, 2):
        try:
            row = by_column(names, cells)
        except ValueError as wrong:
            hint = "columns are separated by tabs; no line breaks within a cell"
            raise DatasetError(f"{shown(path)}, line {number}: {wrong}", hint=hint) from None
        pairs.append((row["source"], row["translation"]))
    return pairs


def check_pairs(
    pairs: Sequence[Pair], lang: str, *, like: Path | None = None, settings: Checks | None = None
) -> CheckedPairs:
    """Judges pairs of an English caption and its translation.

    Args:
        pairs: (caption, translation).
        lang: language of the translations.
        like: a published data set by the same engine, whose rows teach the alignment; none: the pairs themselves.
        settings: thresholds; none: the defaults, with ``MIN_QUALITY`` where quality is calibrated.

    Raises:
        RecipeError: unknown language. DatasetError: ``like`` has no rows in it.
    """
    code = language(lang).code
    settings = settings or Checks(min_quality=MIN_QUALITY)
    peers = published_pairs(like, code) if like else {}
    english = {clip_id: caption for (clip_id, index), (caption, _) in peers.items() if not index}
    batch = Batch.of(code, [caption for caption, _ in pairs], [text for _, text in pairs])
    context = Context(batch, settings, like=as_many_as_fit(list(peers.values())), sound=sound_pairs(code, english))
    found = run_checks(batch, context)
    calibration = calibration_of(like) if like else shipped()
    calibrated = mostly(calibration.known(code, published_engines(like, code) if like else (), len(peers)))
    quality = row_quality(found, code, settings, calibration, np.full(len(pairs), calibrated))
    rows = tuple(_row(row, found, float(quality[row])) for row in range(len(pairs)))
    return CheckedPairs(rows, calibrated)


def _row(row: int, found: dict[str, Findings], quality: float) -> CheckedRow:
    checks = tuple(
        Found(name, severity_of(name), findings.reason(row), round(float(findings.scores[row]), 3))
        for name, findings in found.items()
        if findings.scores[row] > findings.shown
    )
    accepted = not any(one.severity == "reject" for one in checks)
    return CheckedRow(round(quality, 4), accepted, checks)
