"""The commands that build a data set, step by step or in one. Heavy imports are late."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RecipeError
from .importing import (
    CaptionsOption,
    CitationOption,
    ColumnOption,
    ConfigOption,
    EncodingOption,
    LicenseOption,
    SkipBadOption,
    SourceLangOption,
    SplitColumnOption,
    SplitOption,
    captions_recipe,
    translate_own,
)
from .options import (
    AnnotationsOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    LangsOption,
    LimitOption,
    OfflineOption,
    OutOption,
    QuietOption,
    RecipeOption,
    RunnerOption,
    SetOption,
    ThreadsOption,
    WorkersOption,
    refuse_options,
)
from .parts import recipe_values


def add_build_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (build, fetch, translate, publish, status):
        app.command(command.__name__.replace("_", "-"))(command)


def build(
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    captions: CaptionsOption = None,
    column: ColumnOption = None,
    split_column: SplitColumnOption = None,
    split: SplitOption = None,
    config: ConfigOption = None,
    encoding: EncodingOption = None,
    source_lang: SourceLangOption = None,
    license_: LicenseOption = None,
    citation: CitationOption = None,
    skip_bad: SkipBadOption = False,
    values: SetOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    runner: RunnerOption = "local",
    workers: WorkersOption = None,
    offline: OfflineOption = False,
    show: Annotated[
        int, typer.Option("--show", help="Print N good rows, and N that were refused.", metavar="N", min=0)
    ] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build a data set, from captions to Parquet.

    Fetches, translates, validates and publishes to a folder. What an earlier run finished is kept.

    \b
    Examples:
      mycook build --recipe mini --langs all --offline --show 3
      mycook build --langs de,ja --engine nllb-200-distilled-600M --out build/nllb
      mycook build --annotations youcookii_annotations_trainval.json --engine mini --out build/trial
      mycook build --captions my.csv --column text=sentence --column clip_id=id --split-column split --langs de,ja
      mycook build --captions hf:owner/name --config default --langs de
      mycook build --engine nllb-200-3.3B --runner ray --workers 8
      mycook build --recipe multi-msrvtt --annotations MSRVTT_data.json --set source_options.split=1k-A
    """
    from . import printing

    flags = {
        "--langs": ("languages", langs),
        "--engine": ("engine", engine),
        "--annotations": ("annotations", annotations),
    }
    said = recipe_values(values, flags)
    if engine is not None and "engines" in said:
        raise RecipeError("--engine is for all languages, and --set engines... for some", hint="give one of the two")
    if captions and annotations:
        raise RecipeError("--captions and --annotations both name the files", hint="--captions is for your own format")
    recipe, overrides = captions_recipe(
        recipe, said, captions=captions, columns=column, split_column=split_column, split=split, config=config,
        encoding=encoding, source_lang=source_lang, license_=license_, citation=citation, skip_bad=skip_bad,
    )  # fmt: skip
    result = build_until(
        "publish", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, runner=runner, workers=workers, offline=offline,
        overrides=overrides,
    )  # fmt: skip
    printing.build_result(result, as_json=json, show=show)


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

    result = build_until("fetch", quiet, recipe=recipe, annotations=annotations, out=out, offline=offline)
    printing.clips(result, as_json=json)


OF_A_RECIPE = ("recipe", "annotations", "out", "limit")
_OF_A_FILE = ("column", "source_lang")


def translate(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="IN OUT: a Parquet or JSONL file of any size, and the new one; without them, a recipe."),
    ] = None,
    column: Annotated[str, typer.Option("--column", help="IN's column of texts.", metavar="NAME")] = "text",
    source_lang: SourceLangOption = None,
    recipe: RecipeOption = "multi-youcook2",
    langs: LangsOption = None,
    engine: EngineOption = None,
    annotations: AnnotationsOption = None,
    out: OutOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    runner: RunnerOption = "local",
    workers: WorkersOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate the captions, and no more.

    Of a recipe, they go into the translation memory, where a later build finds them. Of a file of your own, they
    become columns of a new one, such as text_de; a run that was stopped goes on where it was.

    \b
    Examples:
      mycook translate --recipe mini --langs de --offline
      mycook translate in.parquet out.parquet --column text --langs de,ja
      mycook translate in.jsonl out.jsonl --langs de --engine mini --runner ray --workers 2 --threads 1
    """
    from . import printing

    refuse_options(context, *((OF_A_RECIPE, "IN OUT") if files else (_OF_A_FILE, "a recipe")))
    if files:
        printing.record(
            translate_own(files, column, langs=langs, engine=engine, source_lang=source_lang, device=device,
                          threads=threads, runner=runner, workers=workers, offline=offline, quiet=quiet),
            as_json=json,
        )  # fmt: skip
        return
    result = build_until(
        "translate", quiet, recipe=recipe, langs=langs, engine=engine, annotations=annotations, out=out, limit=limit,
        device=device, threads=threads, runner=runner, workers=workers, offline=offline,
    )  # fmt: skip
    printing.stages(result, as_json=json)


def publish(
    folder: Annotated[Path, typer.Argument(help="A data set that mycook build made, such as build/mini/dataset.")],
    repo: Annotated[str, typer.Option("--repo", help="Where to on the Hub: USER/NAME.")],
    private: Annotated[
        bool, typer.Option("--private", help="Into a private repository, which is made so if there is none.")
    ] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of committing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Though its own report says it should not be.")] = False,
    json: JsonOption = False,
) -> None:
    """Push a built data set to the Hub.

    In one commit, to the Hugging Face Hub. Parquet files of an earlier push that are no longer part of it are deleted.
    A data set whose report fails (toys, or too few meanings kept), or that lacks later reviews or checks, is refused,
    unless told otherwise.

    \b
    Examples:
      mycook publish build/mini/dataset --repo USER/multi-youcook2-mini --dry-run
      mycook publish build/mini/dataset --repo USER/multi-youcook2-mini --private --anyway
    """
    from ..building.reviewing import changed_since
    from ..corpus.hub import preview, push
    from . import printing

    against = changed_since(folder)
    if dry_run:
        printing.previewed(preview(folder, repo, private=private, against=against), as_json=json)
    else:
        done = push(folder, repo, private=private, create_pr=create_pr, anyway=anyway, against=against)
        printing.pushed(done, as_json=json)


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


def build_until(until: str, quiet: bool, **options: Any) -> Any:
    from ..building import api
    from .terminal import Terminal

    with Terminal(quiet=quiet) as listener:
        return api.build(until=until, listener=listener, **options)
