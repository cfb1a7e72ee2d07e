"""A data set of the Hugging Face Hub, or a local folder of that kind, through ``datasets``; no code of it is run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ...errors import FetchError, SourceError
from ...files import DELIMITERS
from . import delimited
from .base import Row, Rows, columns_of, usual_names

PREFIX = "hf:"
_FILES = [
    "README.md",
    *(f"*.{kind}" for kind in ("parquet", "csv", "tsv", "json", "jsonl", "arrow", "txt", "gz", "zst", "yaml")),
]
UNNAMED = "train"  # what ``datasets`` calls the split of files that name none
_BATCH = 5_000  # rows
_DAMAGE = (OSError, ValueError, RuntimeError)  # what reading the rows of a damaged file raises
_SHIFTED = "__index_level_0__"  # what ``datasets`` calls a first column that pandas has taken for the rows' names


def snapshot(name: str, *, offline: bool) -> Path:
    """The folder of ``owner/name`` or ``owner/name@revision``, downloaded into the Hub's own cache; no videos.

    Raises:
        FetchError: no such data set, one that asks for consent, no network, or not in the cache while offline.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repo, _, revision = name.partition("@")
    try:
        folder = snapshot_download(
            repo,
            repo_type="dataset",
            revision=revision or None,
            allow_patterns=_FILES,
            local_files_only=offline,
        )
    except HFValidationError:
        raise SourceError(f"hf:{name} is no data set's name", hint="give hf:owner/name") from None
    except LocalEntryNotFoundError:
        raise FetchError(
            f"the data set {repo} is not in the Hub's cache, and cannot be downloaded",
            hint="run once with a network and without --offline",
        ) from None
    except (HfHubHTTPError, OSError) as error:
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise FetchError(
            f"the data set {repo} cannot be downloaded: {first}",
            hint="check the name; for one that asks for consent, accept it on its page and run hf auth login",
        ) from None
    return Path(folder)


def read_folder(path: Path, config: str | None, wanted: dict[str, str], encoding: str | None = None) -> list[Rows]:
    """The splits of a folder. They are streamed: ``datasets`` would cache a local folder by its name alone.

    ``datasets`` says which files belong to which split; CSV is read as other tables are, since pandas takes a row's
    cells for those of other columns where it has one more than the header.

    Raises:
        SourceError: not a folder that ``datasets`` reads; without such a config, the message names those there are.
    """
    import datasets

    license_name = _license(path)
    try:
        builder: Any = datasets.load_dataset_builder(str(path), config)
        tables = _tables(builder)
        if tables is None and hasattr(builder.config, "converters"):  # packed: 0012 would be read as a number
            builder.config.converters = dict.fromkeys(usual_names(wanted), str)
        found: Any = tables if tables is not None else builder.as_streaming_dataset()
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise SourceError(f"{path} is not read as a data set: {_first_line(error)}", hint=_configs(path)) from None
    if tables is not None:
        said = builder.config
        rows = [
            replace(_table(file, encoding or said.encoding, said.sep), split=name, license=license_name)
            for name, files in tables.items()
            for file in files
        ]
    else:
        rows = [_split(path, str(name), split, wanted, license_name) for name, split in found.items()]
    return [replace(one, split=None) for one in rows] if list(found) == [UNNAMED] else rows


def _tables(builder: Any) -> Mapping[str, Sequence[Path]] | None:
    """Split -> its files, where all are CSV or TSV with a header; ``None``: of another kind, packed, or read by rules.

    Rules such as ``names`` or ``skiprows`` stand in the folder's README, and are for pandas, as rare delimiters are.
    """
    from datasets.packaged_modules.csv.csv import CsvConfig

    config, usual = builder.config, CsvConfig().pd_read_csv_kwargs
    if not isinstance(config, CsvConfig) or config.data_files is None:
        return None
    ruled = {name for name, value in config.pd_read_csv_kwargs.items() if value != usual.get(name)}
    tables = {str(split): [Path(file) for file in files] for split, files in config.data_files.items()}
    known = all(file.suffix in delimited.SUFFIXES and file.is_file() for files in tables.values() for file in files)
    return tables if known and ruled <= {"sep", "encoding"} and config.sep in DELIMITERS else None


def _table(file: Path, encoding: str | None, delimiter: str) -> Rows:
    """One file of a split, whose rows are named by it and their line; a comma is what nobody has said."""
    table = delimited.read_delimited(file, encoding, delimiter if delimiter != "," else None)
    return replace(table, rows=((f"{file.name}: {table.unit} {line}", row) for line, row in table.rows))


def _split(path: Path, name: str, split: Any, wanted: dict[str, str], license_name: str | None) -> Rows:
    used, first = usual_names(wanted), []
    columns = columns_of(split.features.arrow_schema, wanted) if split.features else []
    if columns:
        split = split.select_columns([column for column in columns if column in used])
    batches = split.with_format("arrow").iter(batch_size=_BATCH)
    if not columns:  # a CSV says them with its first rows, which are kept: begun twice, the file would stay open once
        try:
            first = list(islice(batches, 1))
        except _DAMAGE as error:
            raise _damaged(path, name, 0, error) from None
        columns = columns_of(first[0].schema, wanted) if first else []
    if _SHIFTED in columns:
        raise SourceError(f"{path} has rows with more cells than the first line has names", hint="unpack its files")

    def rows() -> Iterator[Row]:
        number = 0
        try:
            for batch in chain(first, batches):
                read = [column for column in columns_of(batch.schema, wanted) if column in used]
                for row in batch.select(read).to_pylist():
                    number += 1
                    yield f"{name}, row {number}", row
        except _DAMAGE as error:
            raise _damaged(path, name, number, error) from None

    return Rows(columns, rows(), split=name, license=license_name)


def _damaged(path: Path, split: str, rows: int, error: Exception) -> SourceError:
    return SourceError(f"{path} is damaged in split {split} after row {rows}: {_first_line(error)}")


def _configs(path: Path) -> str:
    import datasets

    try:
        names = datasets.get_dataset_config_names(str(path))
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError):
        return "a folder with Parquet, CSV or JSONL files, as on the Hub"
    return f"choose one with --config: {', '.join(names)}" if names else ""


def _license(path: Path) -> str | None:
    """The licence that the folder's README states.

    Raises:
        SourceError: its head, which also says which files are of which split, is not YAML.
    """
    import yaml
    from huggingface_hub import DatasetCard

    try:
        stated = DatasetCard.load(path / "README.md", ignore_metadata_errors=True).data.license
    except (OSError, ValueError):
        return None
    except yaml.YAMLError as error:
        wrong = getattr(error, "problem", None) or _first_line(error)
        raise SourceError(
            f"{path / 'README.md'}: its head is not YAML: {wrong}", hint="mend the lines between the first two ---"
        ) from None
    names = stated if isinstance(stated, list) else [stated]
    return ", ".join(names) if all(isinstance(name, str) for name in names) else None


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
