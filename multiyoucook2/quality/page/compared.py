"""The page of two builds side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..references import Key
from ..significance import Difference
from .render import page_environment


@dataclass(frozen=True)
class Pair:
    """A caption as both builds translate it, with each one's ``quality`` (``nan`` where it is not estimated).

    ``link`` is where to see it in the video, empty where nothing says so.
    """

    key: Key
    caption: str
    first: str
    second: str
    first_quality: float
    second_quality: float
    link: str = ""


def render_compared(
    names: tuple[str, str], differences: Sequence[Difference], pairs: Mapping[str, Sequence[Pair]]
) -> str:
    """One self-contained HTML file: the differences, and the rows that differ most, the second build's losses first."""
    page: str = (
        page_environment()
        .get_template("compared.html")
        .render(first=names[0], second=names[1], differences=differences, pairs=pairs)
    )
    return page
