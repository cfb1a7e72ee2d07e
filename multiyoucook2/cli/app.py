"""The command ``mycook``: parse, call the library, print. No logic lives here, and nothing heavy is imported on top."""

import io
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from .. import __version__
from ..errors import MyCookError, readable
from .training import add_training_commands
from .videos import add_video_commands

app = typer.Typer(
    name="mycook",
    help="Rebuild Multi-YouCook2, captions of cooking videos in nine languages, and train retrieval models on it.",
    epilog="Any command takes --debug: the traceback of an error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

RecipeOption = Annotated[str, typer.Option("--recipe", help="Name in pipelines/datasets, or a .yaml file.")]
LangsOption = Annotated[str | None, typer.Option("--langs", help="Such as de,ja; or all.", show_default="the recipe's")]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help="See mycook models; or a folder.", show_default="the recipe's")
]
AnnotationsOption = Annotated[
    list[Path] | None,
    typer.Option("--annotations", help="Your own file in the format of the recipe's source; may be repeated."),
]
OutOption = Annotated[Path | None, typer.Option("--out", help="The build folder.", show_default="build/RECIPE")]
LimitOption = Annotated[int | None, typer.Option("--limit", help="Only the first N clips.", metavar="N")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", help="Parallel translators on the CPU.", show_default="usable cores", min=1)
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Download nothing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


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


def _build(until: str, quiet: bool, **options: Any) -> Any:
    from ..building.api import build
    from .terminal import Terminal

    with Terminal(quiet=quiet) as listener:
        return build(until=until, listener=listener, **options)


@app.command("build")
def build_command(
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    offline: OfflineOption = False,
    show: Annotated[int, typer.Option("--show", help="Print N rows of the data set.", metavar="N", min=0)] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build a data set, from captions to Parquet.

    Fetches, translates, validates and publishes to a folder. What an earlier run finished is kept.

    \b
    Examples:
      mycook build --recipe mini --langs all --offline --show 3
      mycook build --langs de,ja --engine nllb-200-distilled-600M --out build/nllb
      mycook build --annotations youcookii_annotations_trainval.json --engine mini
    """
    from . import printing

    result = _build(
        "publish", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, offline=offline,
    )  # fmt: skip
    printing.build_result(result, as_json=json, show=show)


@app.command()
def fetch(
    recipe: RecipeOption = "multi-youcook2",
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch, check and read the annotations.

    \b
    Example:
      mycook fetch --recipe multi-youcook2
    """
    from . import printing

    result = _build("fetch", quiet, recipe=recipe, annotations=annotations, out=out, offline=offline)
    printing.clips(result, as_json=json)


@app.command()
def translate(
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate the captions, and no more.

    They go into the translation memory, where a later build finds them.

    \b
    Example:
      mycook translate --recipe mini --langs de --offline
    """
    from . import printing

    result = _build(
        "translate", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, offline=offline,
    )  # fmt: skip
    printing.stages(result, as_json=json)


@app.command()
def validate(
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    offline: OfflineOption = False,
    show: Annotated[int, typer.Option("--show", help="Print N rejected rows a check.", metavar="N", min=0, max=3)] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the translations, and print figures.

    What was accepted, what was refused, and by which check.

    \b
    Example:
      mycook validate --recipe mini --langs all --offline --show 1
    """
    from . import printing

    result = _build(
        "validate", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, offline=offline,
    )  # fmt: skip
    printing.validation(result, as_json=json, show=show)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(help="A data set that mycook build made, such as build/mini/dataset.")],
    repo: Annotated[str, typer.Option("--repo", help="Where to on the Hub: USER/NAME.")],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of committing.")] = False,
    json: JsonOption = False,
) -> None:
    """Push a built data set to the Hub.

    In one commit, to the Hugging Face Hub. Parquet files of an earlier push that are no longer part of it are deleted.

    \b
    Example:
      mycook publish build/mini/dataset --repo USER/multi-youcook2-mini --private
    """
    from ..corpus.hub import push
    from . import printing

    printing.pushed(push(folder, repo, private=private, create_pr=create_pr), as_json=json)


@app.command()
def status(
    out: Annotated[Path, typer.Argument(help="A build folder.")] = Path("build/multi-youcook2"),
    json: JsonOption = False,
) -> None:
    """Say what is done in a build folder.

    And what is damaged, and who works on it.

    \b
    Example:
      mycook status build/mini
    """
    from ..building.workspace import Workspace
    from . import printing

    printing.status(Workspace(out), as_json=json)


@app.command()
def languages(json: JsonOption = False) -> None:
    """List the languages and who translates them.

    \b
    Example:
      mycook languages
    """
    from . import printing

    printing.languages(as_json=json)


@app.command()
def models(json: JsonOption = False) -> None:
    """List the translation engines.

    \b
    Example:
      mycook models --json
    """
    from . import printing

    printing.models(as_json=json)


@app.command("vocabulary-map")
def vocabulary_map(
    engine: Annotated[str, typer.Argument(help="See mycook models; or a folder.")],
    lang: Annotated[str, typer.Argument(help="A language code.")],
    annotations: Annotated[
        Path | None, typer.Option("--annotations", help="Captions to measure on, in YouCook2's format.")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Tokens of a map that is built.", min=1)] = 2000,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a vocabulary map (a shortlist).

    How many of an engine's outputs it leaves as they are. A map that passes is used by later builds.

    \b
    Example:
      mycook vocabulary-map opus-mt de --annotations youcookii_annotations_trainval.json --limit 2000
    """
    from ..building.measuring import measure
    from . import printing
    from .terminal import Terminal

    with Terminal(quiet=quiet):
        report = measure(engine, lang, annotations=annotations, size=size, limit=limit, device=device, offline=offline)
    printing.record(report, as_json=json)


@app.command()
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


add_training_commands(app)
add_video_commands(app)


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
