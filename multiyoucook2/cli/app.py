"""The command ``mycook``, put together from its groups of commands, which parse, call the library and print."""

import io
import os
import shlex
import signal
import sys
from typing import Annotated, NoReturn

import typer

from ..errors import MyCookError, readable
from ..version import __version__
from .about import add_about_commands
from .building import add_build_commands
from .training import add_training_commands
from .videos import add_video_commands

app = typer.Typer(
    name="mycook",
    help="Rebuild Multi-YouCook2, captions of cooking videos in nine languages, and train retrieval models on it.",
    epilog="Any command takes --debug: the traceback of an error.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mycook {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


add_build_commands(app)
add_training_commands(app)
add_video_commands(app)
add_about_commands(app)


class _Interrupted(BaseException):
    """Ctrl-C, or a polite request to end."""


def _interrupt(number: int, frame: object) -> NoReturn:
    raise _Interrupted


def main() -> None:
    """Run a command; an error that the user can mend is one line and its hint, never a traceback."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII terminal shows what it can, and no error
    try:
        app(arguments, prog_name="mycook")
    except (MyCookError, OSError) as error:
        if debug:
            raise
        shown = error if isinstance(error, MyCookError) else readable(error)
        print(f"error: {shown}", file=sys.stderr)
        if isinstance(shown, MyCookError) and shown.hint:
            print(f"hint: {shown.hint}", file=sys.stderr)
        sys.exit(1)
    except _Interrupted:
        resume = ["--resume"] if arguments[:1] == ["train"] and "--resume" not in arguments else []
        command = shlex.join(["mycook", *arguments, *resume])
        print(f"\nstopped; finished work is kept. This goes on from there:\n  {command}", file=sys.stderr, flush=True)
        os._exit(130)  # translators that run on native threads are not waited for
    except Exception as error:
        if debug:
            raise
        print(f"error: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print("hint: this is a mistake of ours; --debug shows where", file=sys.stderr)
        sys.exit(1)
