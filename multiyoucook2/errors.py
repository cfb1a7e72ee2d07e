"""Errors that a user can act on, and how text of unknown origin is shown.

::

    MyCookError
    ├── RecipeError        a recipe or a flag says something impossible
    ├── SourceError        an annotation file or archive cannot be used
    ├── FetchError         a download failed, or is needed while offline
    ├── ModelError         a translation model or text encoder cannot be loaded or lacks a language
    ├── WorkspaceError     a folder is locked, damaged, or holds what is not ours to replace
    ├── DatasetError       a built data set cannot be read, or lacks what is asked of it
    ├── FeatureError       video features are missing, malformed or unsafe to load
    └── TrainingError      a run cannot start, go on or be resumed

Each carries what is wrong in one line, and the way out in ``hint``. The command line prints both and exits with 1.
What a message quotes (file names, values of files, answers of servers) can hold anything: it is escaped and cut here,
so that no file can forge a line on somebody's terminal.
"""

import difflib
import errno
import os
import re
import shlex
from collections.abc import Iterable

VALUE_CHARACTERS = 200  # of one shown value
LINE_CHARACTERS = 400  # of a whole message or hint

_PASSWORD = re.compile(r"//[^/@\s]{1,500}@")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A path, a disk, or this machine's limits. Any other number (EBADF, EINVAL, EPIPE ...) is our mistake.
_MENDABLE = {
    *_NO_SPACE,
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
    *(errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.ELOOP, errno.EXDEV, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.EBUSY, errno.ETXTBSY, errno.EAGAIN, errno.ENOLCK),
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.ETIMEDOUT, errno.EHOSTUNREACH),
    *(errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL),
}


def shown(value: object, limit: int = VALUE_CHARACTERS) -> str:
    """A value in one line that a terminal shows as it is: what cannot be printed is escaped, the middle cut out.

    Control characters, line breaks, marks of direction and lone surrogates become ``\\x1b``, ``\\n``, ``\\u202e``; a
    name and password in an address are left out.

    >>> shown("a\\nb")
    'a\\\\nb'
    """
    text = _cut(_PASSWORD.sub("//***@", str(value)), limit)
    return _cut("".join(c if c.isprintable() or c == "\u3000" else _escaped(c) for c in text), limit)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _cut(text: str, limit: int) -> str:
    head = limit * 2 // 3
    return text if len(text) <= limit else f"{text[:head]} ... {text[head + 5 - limit :]}"


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: arguments in another encoding come as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shell_line(words: Iterable[object]) -> str:
    """A command that can be pasted into a shell: each word quoted where it has to be, and nothing unprintable in it."""
    return " ".join(_shell_word(str(word)) for word in words)


def _shell_word(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    parts = (c if c.isprintable() and c not in "\\'" else "".join(f"\\x{b:02x}" for b in os.fsencode(c)) for c in word)
    return f"$'{''.join(parts)}'"


class MyCookError(Exception):
    """Base of all errors that the user can mend.

    ``str(error)`` is one clear line, and one more for each of ``details``; ``hint`` says what to do.
    """

    def __init__(self, message: str, *, hint: str = "", details: Iterable[str] = ()) -> None:
        super().__init__(shown(message, LINE_CHARACTERS))
        self.hint = shown(hint, LINE_CHARACTERS)
        self.details = tuple(shown(line) for line in details)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {line}" for line in self.details)])


class RecipeError(MyCookError):
    """A recipe or a flag says something impossible."""


class SourceError(MyCookError):
    """An annotation file or archive cannot be used."""


class FetchError(MyCookError):
    """A download failed, or would be needed while offline."""


class ModelError(MyCookError):
    """A translation model or a text encoder cannot be loaded, or lacks a language."""


class WorkspaceError(MyCookError):
    """A folder is locked, damaged, or holds what is not ours to replace."""


class DatasetError(MyCookError):
    """A built data set cannot be read, or lacks what is asked of it."""


class FeatureError(MyCookError):
    """Video features are missing, malformed or unsafe to load."""


class TrainingError(MyCookError):
    """A training run cannot start, go on or be resumed."""


def readable(error: OSError, where: str = "") -> MyCookError | OSError:
    """What the system refused, as an error with a way out; the error itself where no user can mend it.

    ``where`` is the path if the system names none. Use as ``raise readable(error) from None``.
    """
    if error.errno not in _MENDABLE:
        return error
    place = shown(error.filename or where)
    if error.errno in _NO_SPACE:
        message, first = f"no space left{f' while writing {place}' if place else ''}", "free some space"
    else:
        message, first = f"{f'{place}: ' if place else ''}{error.strerror or error}", "mend that"
    return WorkspaceError(message, hint=f"{first} and run the same command: it resumes")


def install_hint(extra: str) -> str:
    """What to do where an optional package is missing; ``extra`` as in pyproject.toml. We install from a clone."""
    return f"in the folder of your clone: pip install -c constraints.txt -e '.[{extra}]'"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the closest known spellings, e.g. ``did you mean 'de'? Known: cs, de, ...``."""
    names = sorted(known)
    close = difflib.get_close_matches(name[:VALUE_CHARACTERS], names, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(repr(c) for c in close)}? " if close else ""
    return f"{meant}Known: {', '.join(names)}"
