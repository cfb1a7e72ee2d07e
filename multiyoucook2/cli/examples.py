"""Which clips a build shows: good ones, by a rule that does not choose them one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa

GOOD = 0.5  # of quality, at least, in every language
_ORDER = ("validation", "test", "train")  # a model may have learned from the captions of the last


@dataclass(frozen=True)
class Examples:
    """The first good clips of a data set, and the first others where there are too few; ``good`` of all are so."""

    rows: list[dict[str, Any]]
    good: int


def example_rows(dataset: Path, langs: Sequence[str], count: int) -> Examples:
    """So many clips of a published data set, as rows of its config ``all``.

    A clip is good where each of its translations into ``langs`` is accepted, and a person wrote or confirmed it or it
    has a quality of :data:`GOOD` or more. Clips of the validation split come first.
    """
    poor = {clip_id for lang in langs for table in _splits(dataset / lang) for clip_id in _poor(table)}
    clips = [clip_id for table in _splits(dataset / "all", ["clip_id"]) for clip_id in table["clip_id"].to_pylist()]
    good = [clip_id for clip_id in clips if clip_id not in poor]
    chosen = list(islice(chain(good, (clip_id for clip_id in clips if clip_id in poor)), count))
    rows = {row["clip_id"]: row for row in _rows(dataset / "all", chosen)}
    return Examples([rows[clip_id] for clip_id in chosen], len(good) if langs else 0)


def _poor(table: "pa.Table") -> list[str]:
    """The clips of the rows that are not good."""
    import pyarrow.compute as pc

    by_person = pc.or_(pc.equal(table["origin"], "human"), table["reviewed"])
    sure = pc.or_(by_person, pc.fill_null(pc.greater_equal(table["quality"], GOOD), False))
    return list(table.filter(pc.invert(pc.and_(table["accepted"], sure)))["clip_id"].to_pylist())


def _rows(folder: Path, clip_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for table in _splits(folder, None):
        yield from table.filter(pc.is_in(table["clip_id"], value_set=pa.array(clip_ids, pa.string()))).to_pylist()


def _splits(
    folder: Path, columns: Sequence[str] | None = ("clip_id", "origin", "quality", "accepted", "reviewed")
) -> Iterator["pa.Table"]:
    paths = (folder / f"{split}.parquet" for split in _ORDER)
    return (read_parquet(path, columns) for path in paths if path.is_file())
