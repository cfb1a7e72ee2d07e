"""The commands that say what there is: languages, models, and what this machine lacks. Heavy imports are late."""

from collections.abc import Sequence
from dataclasses import asdict
from os.path import commonprefix
from typing import Annotated

import typer

from .options import JsonOption
from .tables import print_json, print_table

_FEW = 20  # language codes that a table lists one by one


def add_about_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (languages, models, doctor):
        app.command()(command)


def languages(json: JsonOption = False) -> None:
    """List the languages and who translates them.

    Several engines of one kind are one here, such as nllb-200-*: mycook models lists each.

    \b
    Example:
      mycook languages
    """
    from ..engines.registry import engines_for
    from ..languages import LANGUAGES

    rows = [{**asdict(row), "engines": engines_for(row.code)} for row in LANGUAGES.values()]
    if json:
        print_json(rows)
    else:
        table = [(row["code"], row["name"], row["script"], ", ".join(_kinds(row["engines"])) or "-") for row in rows]
        print_table(("code", "language", "script", "engines"), table)


def models(json: JsonOption = False) -> None:
    """List the translation engines.

    \b
    Example:
      mycook models --json
    """
    from ..engines.registry import MODELS

    if json:
        print_json([_model_json(name) for name in MODELS])
    else:
        table = [
            (row.name, row.family, _few(list(row.languages)), ", ".join(row.licenses), row.size)
            for row in MODELS.values()
        ]
        print_table(("engine", "family", "languages", "licences", "size"), table)


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the network.")] = False,
    json: JsonOption = False,
) -> None:
    """Say what this machine lacks for a build.

    And what to do about it; the exit status is 1 if something is missing.

    \b
    Example:
      mycook doctor
    """
    from .doctor import examine

    found = examine(offline=offline)
    if json:
        print_json([asdict(row) for row in found])
    else:
        for row in found:
            print(f"{'ok     ' if row.ok else 'missing'}  {row.name}: {row.found}")
            if not row.ok:
                print(f"         do: {row.advice}")
    if not all(row.ok for row in found):
        raise typer.Exit(1)


def _model_json(name: str) -> dict[str, object]:
    from ..engines.registry import MODELS

    row = MODELS[name]
    return {field: getattr(row, field) for field in ("name", "family", "languages", "licenses", "size")}


def _kinds(engines: Sequence[str]) -> list[str]:
    """Engines, those of one family together: ``nllb-200-*``."""
    from ..engines.registry import MODELS

    families: dict[str, list[str]] = {}
    for name in engines:
        families.setdefault(MODELS[name].family, []).append(name)
    # letter by letter is meant: the names are no paths
    return [names[0] if len(names) == 1 else f"{commonprefix(names)}*" for names in families.values()]  # noqa: RUF071


def _few(codes: Sequence[str]) -> str:
    """Language codes, or how many they are."""
    return " ".join(codes) if len(codes) <= _FEW else f"{len(codes)} languages"
