"""What a kind of file is to the fuzz."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        files: which files of the folder are changed, by pattern, one of them at a time.
        read: reads the folder; raises a MyCookError, or gives a value.
        sealed: a changed file must be found: what is read is what was written, or an error.
    """

    name: str
    make: Callable[[Path], None]
    files: tuple[str, ...]
    read: Callable[[Path], Any]
    sealed: bool = False
