"""The data set's card: a template of ``data_cards/`` filled with measured figures, never with typed ones."""

import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from ..errors import RecipeError, nearest
from ..languages import language

CELL_CHARACTERS = 300
# Marks of direction and other invisible characters could turn a page's own words around.
INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
_MARKUP = {ord(c): f"&#{ord(c)};" for c in "|`[]*~\\$"} | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def card_folder() -> Path:
    """Where the templates are: in the installed package, or in the source tree beside it."""
    package = Path(str(resources.files("multiyoucook2")))
    installed = package / "data_cards"
    return installed if installed.is_dir() else package.parent / "data_cards"


def card_hash(template: str) -> str:
    """SHA-256 of a template and of the parts that templates share.

    Raises:
        RecipeError: there is no such template.
    """
    folder = card_folder()
    path = folder / f"{template}.md"
    if template.startswith("_") or not path.is_file():
        known = [path.stem for path in folder.glob("[!_]*.md")]
        raise RecipeError(f"unknown card template {template!r}", hint=nearest(template, known))
    return hashlib.sha256(b"".join(part.read_bytes() for part in [path, *sorted(folder.glob("_*.md"))])).hexdigest()


def cell(text: object) -> str:
    """Any text as one table cell that shows it: no HTML, no mark-up, nothing invisible, and cut.

    >>> cell("<b>a|b</b>")
    '&lt;b&gt;a&#124;b&lt;/b&gt;'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text).translate(INVISIBLE)).split())
    line = line if len(line) <= CELL_CHARACTERS else f"{line[:CELL_CHARACTERS]} …"
    return line.translate(_MARKUP)


def fill_card(template: str, metadata: Mapping[str, object], values: Mapping[str, object]) -> str:
    """A card's text. A value that the template names and nobody gives is an error, not a gap.

    Raises:
        RecipeError: the template asks for such a value, or is no template.
    """
    import jinja2
    import yaml

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(card_folder()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["yaml"] = lambda value: yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    environment.filters["cell"] = cell
    environment.filters["language_name"] = lambda code: language(code).name
    try:
        return environment.get_template(f"{template}.md").render(**values, metadata=dict(metadata))
    except jinja2.TemplateError as error:
        raise RecipeError(
            f"the card template {template!r} does not fit a data set: {error}", hint="see data_cards/multi-youcook2.md"
        ) from None
