"""Captions by name: a clip and an index as one Arrow value, so that millions are matched without Python objects."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BETWEEN = "\x00"  # between a clip's id, which is printable, and a caption index


def caption_names(table: pa.Table) -> pa.Array:
    """A name a row of a table with ``clip_id`` and ``caption_index``."""
    clip, index = (table[name].combine_chunks() for name in ("clip_id", "caption_index"))
    return pc.binary_join_element_wise(clip, pc.cast(index, pa.string()), _BETWEEN)


def rows_of(table: pa.Table, column: str, value: str) -> pa.Table:
    """The rows with a value in a column; the table itself where all have it, as a million rows need no copy."""
    chosen = pc.equal(table[column], value)
    return table if pc.all(chosen, skip_nulls=False).as_py() else table.filter(chosen)


def names_of(keys: Iterable[tuple[str, int]]) -> pa.Array:
    """The names of some captions."""
    return pa.array([f"{clip}{_BETWEEN}{index}" for clip, index in keys], pa.string())


def replaced(table: pa.Table, places: Iterable[int], rows: pa.Table) -> pa.Table:
    """The table with other rows at some places."""
    order = np.arange(table.num_rows)
    order[list(places)] = table.num_rows + np.arange(rows.num_rows)
    return pa.concat_tables([table, rows]).take(order).combine_chunks()
