"""Errors that a user can act on.

::

    MyCookError
    ├── RecipeError        a recipe or a flag says something impossible
    ├── SourceError        an annotation file or archive cannot be used
    ├── FetchError         a download failed, or is needed while offline
    ├── ModelError         a translation model or text encoder cannot be loaded or lacks a language
    ├── WorkspaceError     a build folder is locked, damaged or holds another build
    ├── DatasetError       a built data set cannot be read, or lacks what is asked of it
    ├── FeatureError       video features are missing, malformed or unsafe to load
    └── TrainingError      a run cannot start, go on or be resumed

Each carries what is wrong in one line, and the way out in ``hint``. The command line prints both and exits with 1.
"""

import difflib
import errno
from collections.abc import Iterable

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class MyCookError(Exception):
    """Base of all errors that the user can mend; ``str(error)`` is one clear line, ``hint`` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RecipeError(MyCookError):
    """A recipe or a flag says something impossible."""


class SourceError(MyCookError):
    """An annotation file or archive cannot be used."""


class FetchError(MyCookError):
    """A download failed, or would be needed while offline."""


class ModelError(MyCookError):
    """A translation model or a text encoder cannot be loaded, or lacks a language."""


class WorkspaceError(MyCookError):
    """A build folder is locked, damaged, or holds another build."""


class DatasetError(MyCookError):
    """A built data set cannot be read, or lacks what is asked of it."""


class FeatureError(MyCookError):
    """Video features are missing, malformed or unsafe to load."""


class TrainingError(MyCookError):
    """A training run cannot start, go on or be resumed."""


def readable(error: OSError, where: str = "") -> WorkspaceError:
    """What the system refused, as an error with a way out; ``where`` is the path if the system names none."""
    place = error.filename or where
    if error.errno in _NO_SPACE:
        message, first = f"no space left{f' while writing {place}' if place else ''}", "free some space"
    else:
        message, first = f"{f'{place}: ' if place else ''}{error.strerror or error}", "mend that"
    return WorkspaceError(message, hint=f"{first} and run the same command: it resumes")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the closest known spellings, e.g. ``did you mean 'de'? Known: cs, de, ...``."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(repr(c) for c in close)}? " if close else ""
    return f"{meant}Known: {', '.join(names)}"
