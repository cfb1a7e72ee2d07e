"""Values by name of which one is in memory: tables of many languages of a large build."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class OneByOne(Mapping[str, T]):
    """A mapping whose values are made when they are asked for; the last one is kept, as it is often asked for again."""

    def __init__(self, names: Sequence[str], make: Callable[[str], T]) -> None:
        self._names, self._make = tuple(names), make
        self._kept: tuple[str, T] | None = None

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        if self._kept is None or self._kept[0] != name:
            self._kept = None  # let go of before the next is made
            self._kept = (name, self._make(name))
        return self._kept[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
