"""Summaries to one self-contained HTML file: no script, no picture, nothing from outside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...corpus.card import INVISIBLE
from ...languages import LANGUAGES
from .summary import Summary

if TYPE_CHECKING:
    import jinja2


def page_environment() -> "jinja2.Environment":
    """Where the templates are, and how they show numbers and captions."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = lambda part, whole: f"{100 * part / whole:.1f}%" if whole else "-"
    environment.filters["probability"] = lambda value: "-" if value is None or value != value else f"{value:.2f}"
    environment.filters["seen"] = _seen
    environment.globals["language_names"] = {code: row.name for code, row in LANGUAGES.items()}
    return environment


def render(
    name: str, summaries: Sequence[Summary], notes: Mapping[str, str], scores: Mapping[str, object] | None = None
) -> str:
    """The page.

    Args:
        name: of the data set.
        summaries: one a language, in the order to show.
        notes: lines about the build, by their label, such as the source's file.
        scores: language -> its scores against references, as ``reference_scores.ReferenceScores.as_json`` gives them.
    """
    checks = list(dict.fromkeys(check for summary in summaries for check in summary.found))
    most = max((count for summary in summaries for count in summary.found.values()), default=1)
    page: str = (
        page_environment()
        .get_template("page.html")
        .render(name=name, summaries=summaries, checks=checks, most=most, notes=notes, scores=scores or {})
    )
    return page


def _seen(text: str, limit: int = 400) -> str:
    """A caption as it may stand in the page: without invisible characters, and cut if it is of another world."""
    kept = "".join(character if character.isprintable() else " " for character in text.translate(INVISIBLE))
    return kept if len(kept) <= limit else f"{kept[:limit]} …"
