"""How the training commands print their results: tables for people, one JSON document with ``--json``."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from .tables import print_json, print_table

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..retrieval.evaluation.compare import Difference
    from ..retrieval.evaluation.results import Evaluation, Row

_SHORT = {
    "recall_at_1": "R@1", "recall_at_5": "R@5", "recall_at_10": "R@10", "geometric_mean": "GM", "median_rank": "MdR",
    "mean_rank": "MnR",
}  # fmt: skip


def feature_store(store: "FeatureStore", *, as_json: bool) -> None:
    """Where the store is, what is in it, and what of its files is not."""
    from ..features.importing import left_out

    values = {
        "folder": str(store.folder),
        "name": store.name,
        "clips": len(store),
        "dim": store.dim,
        "content_hash": store.content_hash,
        "meta": store.meta,
    }
    if as_json:
        print_json(values)
    else:
        print(f"{store.folder}: {len(store):,} clips of {store.name}, {store.dim} dimensions, {store.content_hash}")
        for key, clips in left_out(store).items():
            print(f"left out: {key} of {clips:,} clips; a store holds one kind of features")


def evaluation(found: "Evaluation", run: Path, *, as_json: bool) -> None:
    """A table a direction; then what all signatures agree in, once, and what single ones say besides."""
    from ..retrieval.evaluation.signature import shared_lines

    if as_json:
        print_json({"run": str(run), **found.to_dict()})
        return
    for task in dict.fromkeys(row.task for row in found.rows):
        print({"t2v": "text to video", "v2t": "video to text"}[task])
        rows = [[row.lang, *(_cell(row, name) for name in _SHORT)] for row in found.rows if row.task == task]
        print_table(["language", *_SHORT.values()], rows, numbers=list(_SHORT.values()))
    absent = found.without_features
    if absent:
        print(f"{len(absent):,} clips have no features and count as misses, first {absent[0]}")
    for line in shared_lines(found.signatures):
        print(line)


def comparison(found: "Sequence[Difference]", runs: Sequence[Path], *, task: str, measure: str, as_json: bool) -> None:
    """A table of one measure: each run's value, difference from the first run, interval and p."""
    if as_json:
        print_json([{**asdict(row), "difference": row.difference} for row in found])
        return
    print(f"{task} {_SHORT[measure]}, percent; the interval is of the difference from {runs[0]}")
    rows = [
        [row.run, row.lang, f"{row.base:.1f}", f"{row.value:.1f}", f"{row.difference:+.1f}",
         f"{row.low:+.1f} to {row.high:+.1f}", f"{row.p:.3f}"]
        for row in found
        if (row.task, row.measure) == (task, measure)
    ]  # fmt: skip
    numbers = ["first run", "run", "difference", "95% interval", "p"]
    print_table(["compared", "language", *numbers], rows, numbers=numbers)


def _cell(row: "Row", name: str) -> str:
    value = f"{row.values[name]:.1f}"
    if name not in row.intervals:
        return value
    low, high = row.intervals[name]
    return f"{value} [{low:.1f}, {high:.1f}]"
