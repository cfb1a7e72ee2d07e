"""What a data set of captions is to the build: its languages, the files it comes from, and how they are read.

A source is one file in this folder that adds a :class:`DatasetSource` to :data:`SOURCES`; a recipe names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pydantic import Field

from ..errors import SourceError
from ..registry import Registry
from ..settings import Strict
from .archive import require_file

REFUSED_SHOWN = 5  # in a message; the build's report counts them all


@dataclass(frozen=True)
class SourceFile:
    """One downloadable file of an outside data set.

    ``sha256`` is ``None`` where nobody has verified one: it is then recorded at the first download and checked from
    there on. ``max_bytes`` bounds both the download and what unpacks from it.
    """

    filename: str
    urls: tuple[str, ...]  # the official one first, mirrors after it
    sha256: str | None = None
    max_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True)
class Credit:
    """Whose captions they are: for the card. Empty where it is not known."""

    license: str = "unknown"
    homepage: str = ""
    citation: str = ""  # BibTeX


class SourceOptions(Strict):
    """What every source can be told; a source with more options derives from it."""

    skip_bad: bool = Field(False, description="leave wrong rows out, counted in the card, instead of refusing the file")


@dataclass(frozen=True)
class Refused:
    """A row of a file that cannot be used: where it stands (a video id, a line), and what is wrong with it."""

    where: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What a source's files hold.

    Attributes:
        clips: schema ``corpus.tables.CLIP``, a row a clip, in the order in which the data set is published.
        captions: schema ``corpus.tables.CAPTION``: the source language's, and those that people wrote in others.
        credit: whose they are, as far as the files show it: a user's own file is nobody else's.
        refused: rows that were left out, which only a source that was asked to skip bad rows has.
        notes: what a user should know of this data, a line each, such as a known leak between its splits.
    """

    clips: pa.Table
    captions: pa.Table
    credit: Credit = Credit()
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()


class DatasetSource(Protocol):
    """A kind of data set.

    Attributes:
        name: as recipes spell it.
        languages: what ``all`` means for it, the source language among them.
        source_language: what its captions are written in.
        files: what can be downloaded; empty where only the user's own copy will do.
        credit: licence, homepage and citation, which a recipe may replace.
        options: the model of the recipe's section ``source_options``.
        needs: the files that a user has to bring, where nothing can be downloaded.
        version: raise it with any change to what :meth:`read` gives.
    """

    @property
    def name(self) -> str: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def source_language(self) -> str: ...
    @property
    def files(self) -> tuple[SourceFile, ...]: ...
    @property
    def credit(self) -> Credit: ...
    @property
    def options(self) -> type[SourceOptions]: ...
    @property
    def needs(self) -> str: ...
    @property
    def version(self) -> int: ...

    def bundled(self) -> tuple[Path, ...]:
        """Files that come with the package, so that nothing is downloaded; empty for most."""
        ...

    def locate(self, path: Path, *, offline: bool) -> Path:
        """The file or folder behind one of the user's ``annotations``, checked to be readable.

        Raises:
            SourceError: it is not.
        """
        ...

    def read(self, paths: Sequence[Path], options: Any) -> Reading:
        """Read the files, strictly; ``options`` is an instance of the source's model.

        Raises:
            SourceError: unreadable, or with wrong rows; the message names the first of them and the way out.
        """
        ...


@dataclass(frozen=True)
class SourceRow:
    """What most sources say of themselves by values; a source derives from it and adds ``read``."""

    name: str
    languages: tuple[str, ...]
    source_language: str = "en"
    files: tuple[SourceFile, ...] = ()
    credit: Credit = Credit()
    options: type[SourceOptions] = SourceOptions
    needs: str = ""
    version: int = 1

    def bundled(self) -> tuple[Path, ...]:
        """No files come with the package."""
        return ()

    def locate(self, path: Path, *, offline: bool) -> Path:
        """A file that can be read."""
        require_file(path)
        return path


SOURCES: Registry[DatasetSource] = Registry("multiyoucook2.sources", "data set source", SourceError)


def require_sound(paths: Path | Sequence[Path], refused: Sequence[Refused], hint: str) -> None:
    """Refuse files that have wrong rows, naming the first few of them.

    Raises:
        SourceError: there are any.
    """
    if refused:
        shown = [f"{row.where}: {row.reason}" for row in refused[:REFUSED_SHOWN]]
        more = [f"and {len(refused) - REFUSED_SHOWN:,} more"] if len(refused) > REFUSED_SHOWN else []
        count = f"{len(refused):,} error{'s' if len(refused) > 1 else ''}"
        files = [paths] if isinstance(paths, Path) else paths
        has = "has" if len(files) == 1 else "have"
        raise SourceError(f"{', '.join(map(str, files))} {has} {count}:", details=[*shown, *more], hint=hint)


__all__ = [
    "SOURCES",
    "Credit",
    "DatasetSource",
    "Reading",
    "Refused",
    "SourceFile",
    "SourceOptions",
    "SourceRow",
    "require_sound",
]
