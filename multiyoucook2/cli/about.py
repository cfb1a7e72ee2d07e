"""The commands that say what there is: languages, models, and what this machine lacks. Heavy imports are late."""

from typing import Annotated

import typer

from .options import JsonOption


def add_about_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (languages, models, doctor):
        app.command()(command)


def languages(json: JsonOption = False) -> None:
    """List the languages and who translates them.

    \b
    Example:
      mycook languages
    """
    from . import printing

    printing.languages(as_json=json)


def models(json: JsonOption = False) -> None:
    """List the translation engines.

    \b
    Example:
      mycook models --json
    """
    from . import printing

    printing.models(as_json=json)


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the network.")] = False,
    json: JsonOption = False,
) -> None:
    """Say what this machine lacks for a build.

    And what to do about it.

    \b
    Example:
      mycook doctor
    """
    from . import printing
    from .doctor import examine

    printing.findings(examine(offline=offline), as_json=json)
