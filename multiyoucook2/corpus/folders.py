"""Where a published data set lies: a local folder, whose Parquet files are read here, or an id on the Hub.

A local folder is never read through the ``datasets`` library: its cache goes by the folder's name and the head of its
README, so that it would give the rows of another folder, or those from before the folder was written anew.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import DatasetError, MyCookError
from ..files import open_arrow, read_json, read_parquet, read_text
from .tables import ABOUT_FILE

Columns = dict[str, list[Any]]  # of Arrow's types: texts, numbers, lists
LANGUAGE_COLUMNS = ("clip_id", "caption", "caption_index", "accepted", "flags")
_OPTIONAL = {"caption_index", "accepted", "flags", "video_url", "recipe_type", "origin", "quality"}


class Source(Protocol):
    """A data set that can be read config by config."""

    name: str
    configs: tuple[str, ...]

    def splits(self, config: str) -> Sequence[str]:
        """Names of the splits that a config has."""

    def read(self, config: str, split: str, columns: Sequence[str] = LANGUAGE_COLUMNS) -> Columns:
        """Columns of a split as lists; ``accepted`` is all True where the files have no such column."""

    def about(self) -> Mapping[str, object]:
        """What the data set states of itself, such as ``name`` and ``content_hash``; empty if it states nothing."""


def open_source(dataset: str | Path) -> Source:
    """A folder that exists, else ``owner/name`` on the Hub.

    Raises:
        DatasetError: neither; or a folder whose README names no Parquet files.
    """
    if Path(dataset).is_dir():
        return FolderSource(Path(dataset))
    name = str(dataset)
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or not all(name.split("/")):
        raise DatasetError(f"{dataset} is no folder", hint="build one: mycook build --recipe mini; or give owner/name")
    return HubSource(name)


class FolderSource:
    """A local folder. Only files inside it are read, and only those that its README lists."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, str(folder)
        self._files = _listed_files(folder)
        self.configs = tuple(self._files)

    def splits(self, config: str) -> Sequence[str]:
        return list(self._files[config])

    def read(self, config: str, split: str, columns: Sequence[str] = LANGUAGE_COLUMNS) -> Columns:
        if split not in self._files[config]:
            raise DatasetError(
                f"cannot read split {split!r} of config {config!r} of the data set {self.name}: there is no such split",
                hint=f"it has {', '.join(self._files[config]) or 'none'}",
            )
        where = f"config {config!r} of the data set {self.name}"
        parts = [_read_parquet(path, columns, where) for path in self._files[config][split]]
        names = [name for name in columns if all(name in part for part in parts)]
        return with_defaults(
            {name: [value for part in parts for value in part[name]] for name in names}, columns, where
        )

    def about(self) -> Mapping[str, object]:
        return read_about(self.folder / ABOUT_FILE)


class HubSource:
    """A data set on the Hub, read and cached by ``datasets``."""

    def __init__(self, name: str) -> None:
        import datasets

        self.name = name
        try:
            self.configs: tuple[str, ...] = tuple(datasets.get_dataset_config_names(name))
        except (OSError, ValueError, RuntimeError) as error:  # datasets' own errors derive from these
            raise DatasetError(f"cannot read the data set {name}: {_first_line(error)}") from None

    def splits(self, config: str) -> Sequence[str]:
        import datasets

        return list(datasets.get_dataset_split_names(self.name, config))

    def read(self, config: str, split: str, columns: Sequence[str] = LANGUAGE_COLUMNS) -> Columns:
        import datasets

        where = f"config {config!r} of the data set {self.name}"
        bars = datasets.is_progress_bar_enabled()
        datasets.disable_progress_bars()  # eighteen bars of milliseconds each, for nine languages and two splits
        try:
            table = datasets.load_dataset(self.name, config, split=split)
        except (OSError, ValueError, RuntimeError) as error:
            raise DatasetError(f"cannot read split {split!r} of {where}: {_first_line(error)}") from None
        finally:
            if bars:
                datasets.enable_progress_bars()
        found = {name: list(table[name]) for name in columns if name in table.column_names}
        return with_defaults(found, columns, where)

    def about(self) -> Mapping[str, object]:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        try:
            return read_about(Path(hf_hub_download(self.name, ABOUT_FILE, repo_type="dataset")))
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
            return {}


def with_defaults(found: Columns, columns: Sequence[str], where: str) -> Columns:
    """The columns, checked row by row, with ``accepted`` filled in.

    Raises:
        DatasetError: a column is absent, or a row has no clip id.
    """
    absent = [name for name in columns if name not in found and name not in _OPTIONAL]
    if absent:
        raise DatasetError(f"{where} has no column {absent[0]!r}", hint=f"it has {', '.join(found) or 'none of ours'}")
    rows = len(found["clip_id"])
    for name, kind in (("clip_id", str), ("caption_index", int)):
        wrong = next((row for row, value in enumerate(found.get(name, [])) if not isinstance(value, kind)), None)
        if wrong is not None:
            raise DatasetError(f"{where}: row {wrong + 1} has {name} {found[name][wrong]!r}")
    return {"accepted": [True] * rows, **found} if "accepted" in columns else found


def read_about(path: Path) -> Mapping[str, object]:
    """The data set's file about itself; empty where it is absent or damaged."""
    try:
        return read_json(path, dict[str, object])
    except (OSError, MyCookError):
        return {}


_TYPES = {
    **dict.fromkeys(("clip_id", "caption", "video_id", "video_url", "recipe_type", "origin"), "string"),
    "caption_index": "int",
    "accepted": "bool",
    "flags": "list",
    "quality": "float",
    "start_s": "double",
    "end_s": "double",
}


def _read_parquet(path: Path, columns: Sequence[str], where: str) -> Columns:
    hint = "build or download the data set again"
    types = _column_types(path, hint)
    names = [name for name in columns if name in types]
    for name in names:
        if _TYPES[name] not in types[name] and types[name] != "null":
            raise DatasetError(f"{where} has a column {name!r} of {types[name]}, not of {_TYPES[name]}", hint=hint)
    table = read_parquet(path, names, error=DatasetError, hint=hint)
    return {name: table[name].to_pylist() for name in names}


def _column_types(path: Path, hint: str) -> dict[str, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_arrow(path, DatasetError) as source:
        try:
            return {column.name: str(column.type) for column in pq.read_schema(source)}
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DatasetError(f"{path} is damaged: {_first_line(error)}", hint=hint) from None


def _listed_files(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """Config -> split -> Parquet files, as the head of the README lists them."""
    import yaml

    readme = folder / "README.md"
    try:
        text = read_text(readme, error=DatasetError)
    except FileNotFoundError:
        raise DatasetError(f"{folder} is no data set: it is empty or has no README.md") from None
    head = text.split("\n---", 1)[0].removeprefix("---") if text.startswith("---") else ""
    try:
        configs = (yaml.safe_load(head) or {}).get("configs") or []
        return {str(row["config_name"]): _splits(folder, row["data_files"]) for row in configs}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DatasetError(f"the head of {readme} lists no configs that can be read: {_first_line(error)}") from None


def _splits(folder: Path, files: object) -> dict[str, list[Path]]:
    if isinstance(files, Mapping):
        files = [{"split": split, "path": path} for split, path in files.items()]
    if not isinstance(files, list):
        raise ValueError("data_files must be a list of split and path")
    found: dict[str, list[Path]] = {}
    for row in files:
        patterns = row["path"] if isinstance(row["path"], list) else [row["path"]]
        found[str(row["split"])] = [path for pattern in patterns for path in _inside(folder, str(pattern))]
    return found


def _inside(folder: Path, pattern: str) -> list[Path]:
    """The Parquet files of a pattern such as ``de/train-*.parquet``, none outside the folder."""
    parts = Path(pattern).parts
    if not parts or Path(pattern).is_absolute() or ".." in parts or not pattern.endswith(".parquet"):
        raise ValueError(f"{pattern!r} is no Parquet file in the folder")
    # a name with brackets is first of all a name
    paths = [folder / pattern] if (folder / pattern).exists() else sorted(folder.glob(pattern))
    if not paths or not all(path.is_file() for path in paths):
        raise DatasetError(f"the data set {folder} lacks {pattern}", hint="build or download it again")
    return paths


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
