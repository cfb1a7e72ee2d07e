"""The process around the commands: signals from the first moment on, streams that are closed, and how errors end."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from ..errors import LINE_CHARACTERS, MyCookError, is_utf8, readable, shell_line, shown

_GRACE_S = 1.0  # to leave what is open; whatever is written by then is whole, as after any kill
_NO_MEMORY = (
    "can't allocate memory", "bad_alloc", "out of memory", "cannot allocate memory",
    "failed to map segment",  # the loader's, of a library
    "without setting an exception", "error return without exception set",  # what could not make even its error
)  # fmt: skip


def main() -> None:
    """Run a command; an error that the user can mend is one line and its hint, never a traceback.

    The exit status is 0 only if all output was written; 128 and the signal's number after an interrupt.
    """
    # Threads that wait for one another sleep. By default those of torch spin: on a busy machine, where one has no core,
    # the others burn theirs for nothing, and small models took up to 70 times as long. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    if not _open_streams():
        sys.exit(_fail("the standard output is closed", "redirect it: mycook ... > FILE"))
    with _interrupts(arguments) as interrupt:
        try:
            code = _run(arguments)
        except BaseException as error:
            if debug and not interrupt.number:
                raise
            code = 0 if interrupt.number else _explain(error)
        if interrupt.number:  # an error that the interrupt led to says nothing
            interrupt.end()
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    from .app import app

    code = 0
    try:
        app(arguments, prog_name="mycook")
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else int(done.code is not None)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has enough, e.g. `head`
        _discard_output()
        return code or 1
    except OSError:
        _discard_output()
        raise
    return code


def _explain(error: BaseException) -> int:
    """Print an error; returns the exit status."""
    found = readable(error) if isinstance(error, OSError) else error
    if isinstance(found, MyCookError):
        return _fail(str(found), found.hint)
    if isinstance(found, MemoryError) or any(words in str(found).lower() for words in _NO_MEMORY):
        return _fail(
            "there is not enough memory", "close other programs, or give less: --limit, --threads, --batch-size"
        )
    if foreign := [argument for argument in sys.argv[1:] if not is_utf8(argument)]:  # it may have led to anything
        return _fail(f"the argument {foreign[0]!r} is not UTF-8", "set your terminal or script to UTF-8")
    message = shown(f"unexpected {type(found).__name__}: {found}", LINE_CHARACTERS)
    return _fail(message, "this is a mistake of ours; --debug shows where")


def _fail(message: str, hint: str) -> int:
    with suppress(OSError):  # a closed standard error
        print(f"error: {message}", file=sys.stderr)
        if hint:
            print(f"hint: {hint}", file=sys.stderr)
        sys.stderr.flush()
    return 1


def _open_streams() -> bool:
    """Have something open as standard input, output and error, which a file of ours would else become.

    Returns whether the standard output is a place to write to.
    """
    closed = [number for number in range(3) if not _is_open(number)]
    for number in closed:
        os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII terminal shows what it can, and no error
    return sys.stdout is not None


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _discard_output() -> None:
    """Have the interpreter's own flush at the end say nothing more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Interrupted(BaseException):
    """Ctrl-C, or a polite request to end."""


class _Interrupt:
    """Answers the first SIGINT or SIGTERM at once, from a thread of its own, and ends the process within a second.

    The main thread may be deep in native code, which no Python handler interrupts; or in an import, where an exception
    can come out as any other. So nothing depends on what it does with the exception that it is sent.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = arguments
        self.number = 0  # of the signal that came
        self._said, self._saying = False, threading.Lock()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)

    def watch(self) -> None:
        """Wait for a signal's byte; another ends the watch."""
        byte = os.read(self._reader, 1)
        os.close(self._reader)
        if byte and byte[0] in (signal.SIGINT, signal.SIGTERM):
            self.number = byte[0]
            self._say()
            threading.Event().wait(_GRACE_S)
            self.end()

    def handle(self, number: int, frame: object) -> NoReturn:
        """Python's handler, in the main thread: have it leave its open files and folders."""
        self.number = number
        raise _Interrupted

    def unraisable(self, lost: "sys.UnraisableHookArgs") -> None:
        """The interrupt came while a finalizer ran, where Python drops exceptions: the command would just go on."""
        if self.number:
            self.end()
        sys.__unraisablehook__(lost)

    def end(self) -> NoReturn:
        """End the process; translators that run on native threads are not waited for."""
        self._say()
        os._exit(128 + self.number)

    def _say(self) -> None:
        with self._saying:
            if not self._said:
                self._said = True
                self._print()

    def _print(self) -> None:
        resume = ["--resume"] if self.arguments[:1] == ["train"] and "--resume" not in self.arguments else []
        command = shell_line(["mycook", *self.arguments, *resume])
        with suppress(OSError, ValueError):
            sys.stderr.write(f"\nstopped; finished work is kept. This goes on from there:\n  {command}\n")
            sys.stderr.flush()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # these are the last words, whatever still runs


@contextmanager
def _interrupts(arguments: Sequence[str]) -> Iterator[_Interrupt]:
    found = _Interrupt(arguments)
    before = {number: signal.signal(number, found.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(found.writer, warn_on_full_buffer=False)
    unraisable = sys.unraisablehook
    sys.unraisablehook = found.unraisable
    watch = threading.Thread(target=found.watch, daemon=True)
    watch.start()
    try:
        yield found
    finally:
        sys.unraisablehook = unraisable
        signal.set_wakeup_fd(wakeup)
        os.close(found.writer)
        if not found.number:
            watch.join()
        for number, handler in before.items():
            signal.signal(number, handler)
