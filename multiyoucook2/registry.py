"""Registries that fill themselves: what can be added lives in one file of its own, in the folder of its kind.

A module in the registry's package that defines rows calls ``add`` at its top level; the modules are imported when a row
is first asked for. So a data set, an engine family, a check, an objective or a runner is added by adding its file.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, Protocol, TypeVar

from .errors import MyCookError, RecipeError, nearest


class Named(Protocol):
    """A row of a registry."""

    @property
    def name(self) -> str:
        """Its key, as recipes and the command line spell it."""


Row = TypeVar("Row", bound=Named)


class Registry(Generic[Row]):
    """Rows by name, in the order of their modules' names, and within a module in the order of adding.

    Args:
        package: full name of the package whose modules hold the rows.
        what: a row's kind in words, for messages, e.g. ``"data set source"``.
        error: what an unknown name raises.
    """

    def __init__(self, package: str, what: str, error: type[MyCookError] = RecipeError) -> None:
        self._package, self._what, self._error = package, what, error
        self._rows: dict[str, Row] = {}
        self._complete = False

    def add(self, row: Row) -> Row:
        """Register a row and give it back, so that it works as a decorator of a class that has a ``name``.

        Raises:
            ValueError: the name is taken; two files would silently compete otherwise.
        """
        if row.name in self._rows:
            raise ValueError(f"two {self._what}s are called {row.name!r}")
        self._rows[row.name] = row
        return row

    def find(self, name: str) -> Row:
        """The row of a name.

        Raises:
            MyCookError: of the registry's kind, with the nearest known names.
        """
        rows = self._all()
        if name not in rows:
            raise self._error(f"unknown {self._what} {name!r}", hint=nearest(name, rows))
        return rows[name]

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[Row]:
        return iter(self._all().values())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Row]:
        if not self._complete:
            self._complete = True  # first of all: a module that is imported now may look another row up
            package = import_module(self._package)
            for module in sorted(found.name for found in iter_modules(package.__path__)):
                import_module(f"{self._package}.{module}")
        return self._rows
