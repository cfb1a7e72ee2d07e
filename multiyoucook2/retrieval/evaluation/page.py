"""A page of tables and pictures: tables first, pictures as PNG, SVG and PDF beside it, signatures last.

Needs matplotlib; callers draw, so they import it.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import TrainingError, install_hint
from ...files import fresh_folder, refuse_foreign, write_synced

KIND, PAGE = "report", "report.html"
FORMATS = ("png", "svg", "pdf")  # to look at, for pages, for papers


@dataclass(frozen=True)
class Table:
    """A heading and rows of text; the first ``words`` columns are set to the left, the others are figures.

    A ``wide`` table is for pages, not for terminals.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    wide: bool = False


@dataclass(frozen=True)
class Picture:
    """A matplotlib figure, its files' name, and its heading."""

    name: str
    title: str
    figure: Any


def require_plots(out: Path) -> None:
    """Check before hours of work that a page can be made in ``out``.

    Raises:
        TrainingError: no matplotlib. WorkspaceError: ``out`` holds something else.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise TrainingError("a report needs matplotlib", hint=install_hint("report"))
    refuse_foreign(out, KIND)


def write_page(
    out: Path, title: str, tables: Sequence[Table], pictures: Sequence[Picture], signatures: Sequence[str] = ()
) -> list[Path]:
    """Write ``report.html`` and the pictures into ``out``, in place of an earlier page; their paths, the page first."""
    from jinja2 import Environment, PackageLoader

    page = Environment(loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = page.get_template(PAGE).render(title=title, tables=tables, pictures=pictures, signatures=signatures)
    with fresh_folder(out, KIND) as folder:
        files = [file for picture in pictures for file in save(picture.figure, folder / picture.name)]
        write_synced(folder / PAGE, text.encode())
    return [out / PAGE, *(out / file.name for file in files)]


def save(figure: Any, path: Path) -> list[Path]:
    """The figure as ``path`` with each of ``FORMATS``; nothing in the files depends on the time."""
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    files = [path.with_name(f"{path.name}.{kind}") for kind in FORMATS]
    for file, kind in zip(files, FORMATS, strict=True):
        figure.savefig(file, dpi=120, metadata=undated.get(kind))
    return files
