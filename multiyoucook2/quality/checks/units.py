"""Refuses rows in which a number has another unit of the same kind than in the caption."""

from ...text.units import unit_changed
from ..check import Row, row_check
from ..settings import Checks


@row_check("units")
def units(row: Row, checks: Checks) -> str | None:
    """A unit is contradicted: 350 °F became 350 °C, 200 g became 200 kg."""
    return unit_changed(row.caption, row.text) if checks.units else None
