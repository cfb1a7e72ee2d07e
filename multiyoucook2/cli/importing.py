"""Your own captions on the command line, and ``mycook import``. Heavy imports are late."""

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ..errors import RecipeError
from .options import JsonOption, QuietOption

CUSTOM, DEFAULT_RECIPE = "custom", "multi-youcook2"
CaptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--captions",
        help="Your own: CSV, TSV, JSONL, Parquet, JSON, a folder as on the Hub, or hf:owner/name; may be repeated.",
    ),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", help="FIELD=COLUMN, such as text=sentence or clip_id=id; may be repeated."),
]
SplitColumnOption = Annotated[str | None, typer.Option("--split-column", help="The column that names the split.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="The split of files that name none.")]
ConfigOption = Annotated[str | None, typer.Option("--config", help="Of a Hub data set that has several.")]
EncodingOption = Annotated[str | None, typer.Option("--encoding", help="Of CSV and TSV.", show_default="utf-8")]
SourceLangOption = Annotated[
    str | None, typer.Option("--source-lang", help="The language of your captions.", show_default="en")
]
LicenseOption = Annotated[str | None, typer.Option("--license", help="Of the captions, for the card.")]
CitationOption = Annotated[str | None, typer.Option("--citation", help="Of the captions, BibTeX, for the card.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave wrong rows out, counted in the card, instead of refusing the file.")
]


def add_import_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    group = typer.Typer(name="import", help="Bring in what others have released.", no_args_is_help=True)
    group.command("released")(released)
    app.add_typer(group)


def captions_recipe(
    recipe: str,
    said: Mapping[str, object],
    *,
    captions: Sequence[str] | None,
    columns: Sequence[str] | None,
    split_column: str | None,
    split: str | None,
    config: str | None,
    encoding: str | None,
    source_lang: str | None,
    license_: str | None,
    citation: str | None,
    skip_bad: bool,
) -> tuple[str, dict[str, object]]:
    """The recipe's name and all overrides: ``said`` by other options, and what those of one's own captions stand for.

    One's own captions are for the recipe ``custom``, or for a file of one's own with its source.

    Raises:
        RecipeError: an option that another recipe does not have, a column that is not FIELD=COLUMN, or two options that
            say the same.
    """
    from ..settings import overridden

    given = {
        "columns": _fields([*(columns or ()), *([f"split={split_column}"] if split_column else [])]) or None,
        "split": split, "config": config, "encoding": encoding, "language": source_lang,
    }  # fmt: skip
    options: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    publication = {key: value for key, value in (("license", license_), ("citation", citation)) if value is not None}
    overrides: dict[str, object] = {"publication": publication} if publication else {}
    called: dict[str, object] = {}  # where nobody says it
    if captions:
        recipe = CUSTOM if recipe == DEFAULT_RECIPE else recipe
        overrides["annotations"] = list(captions)
        if recipe == CUSTOM:
            name = _name_of(captions[0])
            called = {"name": name, "publication": {"pretty_name": name}}
        elif _source_of(recipe) != CUSTOM:
            raise RecipeError(
                f"--captions is for recipes with source: {CUSTOM}, not for {recipe}",
                hint=f"give --annotations to {recipe}",
            )
    elif options:
        raise RecipeError(
            "--column, --split-column, --split, --config, --encoding and --source-lang go with --captions",
            hint="give your file with --captions; another recipe's options are its source_options",
        )
    if skip_bad:
        options["skip_bad"] = True
    overrides |= {"source_options": options} if options else {}
    if twice := _in_both(said, overrides):
        raise RecipeError(f"two options say the recipe's {twice}", hint="give one of the two")
    return recipe, overridden(called, overridden(said, overrides))


def _in_both(one: Mapping[str, object], other: Mapping[str, object]) -> str | None:
    """The dotted key of a value that both give."""
    for key in one.keys() & other.keys():
        inner, beside = one[key], other[key]
        if not isinstance(inner, Mapping) or not isinstance(beside, Mapping):
            return key
        if found := _in_both(inner, beside):
            return f"{key}.{found}"
    return None


def _source_of(recipe: str) -> str:
    from ..building.recipe import DatasetRecipe
    from ..settings import load_recipe

    return load_recipe(DatasetRecipe, "datasets", recipe).source


def _name_of(captions: str) -> str:
    """The data set's name after its file, as recipes may be called: ``my captions.csv`` -> ``my-captions``."""
    stem = Path(Path(captions.removeprefix("hf:").split("@")[0]).name).stem
    return re.sub(r"[^\w.+=-]+", "-", stem).strip("-_.+=")[:100] or CUSTOM


def _fields(columns: Sequence[str]) -> dict[str, str]:
    """``["text=sentence"]`` -> field -> column."""
    found: dict[str, str] = {}
    for text in columns:
        field, equals, column = text.partition("=")
        if not equals or not field or not column:
            raise RecipeError(f"--column {text!r} is not FIELD=COLUMN", hint="e.g. --column text=sentence")
        if found.setdefault(field, column) != column:
            raise RecipeError(f"the {field} is in two columns, {found[field]!r} and {column!r}", hint="name one")
    return found


def translate_own(
    files: Sequence[Path],
    column: str,
    *,
    langs: str | None,
    engine: str | None,
    source_lang: str | None,
    device: str,
    threads: int | None,
    runner: str,
    workers: int | None,
    offline: bool,
    quiet: bool,
) -> dict[str, object]:
    """Translate a file of any size into another; what was done, for printing.

    Raises:
        MyCookError: two files and languages were not given, or whatever ``translate_file`` raises.
    """
    from ..building.tables import FileTranslation, translate_file
    from ..engines.decoding import Decoding
    from ..engines.kinds.table import refuse_shared
    from ..engines.resolve import resolve
    from ..files import cache_root
    from ..languages import language, parse_languages
    from ..runners.base import RUNNERS
    from .terminal import Terminal

    if len(files) != 2 or not langs:
        raise RecipeError(
            "a file is translated into another, into languages",
            hint="e.g. mycook translate in.parquet out.parquet --column text --langs de",
        )
    source = language(source_lang or "en").code
    wanted = [lang for lang in parse_languages(langs) if lang != source]
    if not wanted:
        raise RecipeError(f"the texts are in {source!r} already", hint="--langs names other languages")
    engines = [
        resolve(engine or "opus-mt", lang, source_lang=source, cache_dir=cache_root(), offline=offline)
        for lang in wanted
    ]
    refuse_shared(engines)
    with Terminal(quiet=quiet) as listener, closing(RUNNERS.find(runner)(workers, device=device)) as chosen:
        listener.started("translate")
        job = FileTranslation(
            files[0], files[1], column, engines, Decoding(), device=device, threads=threads, runner=chosen,
            listener=listener,
        )  # fmt: skip
        rows = translate_file(job)
    return {"file": str(files[1]), "rows": rows, "languages": wanted}


def released(
    files: Annotated[list[Path], typer.Argument(help="The authors' pickles, of one data set.")],
    out: Annotated[Path, typer.Option("--out", help="The new folder: OUT/dataset and OUT/features.")],
    key: Annotated[
        str | None, typer.Option("--key", help="Which features: s3d, 2d_raw or 2d.", show_default="the first found")
    ] = None,
    skip_bad: SkipBadOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a data set and features of C2KD's pickles.

    Captions of all languages are kept as the authors released them, the evaluation's queries marked, and the features
    of one key; what else a file holds, such as audio, is left out and said. Nothing in a pickle is run.

    \b
    Example:
      mycook import released youcook_train_audio_multilingual.pkl youcook_val_audio_multilingual.pkl --out data/released
    """
    from ..building.api import build
    from ..features.importing import import_features, left_out
    from . import printing
    from .printing_training import feature_store
    from .tables import print_json
    from .terminal import Terminal

    options = {"source_options": {"skip_bad": True}} if skip_bad else {}
    with Terminal(quiet=quiet) as listener:
        result = build("released", annotations=files, out=out, offline=True, listener=listener, overrides=options)
        store = import_features(files, out / "features", key=key)
    if json:
        print_json(
            {"dataset": str(result.dataset), "content_hash": result.content_hash, "report": result.report}
            | {"features": str(store.folder), "features_hash": store.content_hash, "left_out": left_out(store)}
        )
    else:
        printing.build_result(result, as_json=False, show=0)
        feature_store(store, as_json=False)
