"""Read a data set in the published format, whoever made it and whatever its languages."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DatasetError, nearest
from .tables import ABOUT_FILE

ALL = "all"


@dataclass(frozen=True)
class Captions:
    """Captions of one split.

    Attributes:
        name: of the data set; ``content_hash``: of the whole data set, or of what was read where it states none.
        clip_ids: every clip of the split, in its order.
        texts: language -> per clip its captions: one mostly, several in MSR-VTT's manner, none where the language
            lacks the clip (or its text was rejected and only accepted ones were asked for).
    """

    name: str
    content_hash: str
    split: str
    clip_ids: list[str]
    texts: dict[str, list[tuple[str, ...]]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages read, in the order asked for."""
        return tuple(self.texts)

    @property
    def label(self) -> str:
        """For signatures: ``name@`` and 8 hex digits of the hash."""
        return f"{self.name}@{self.content_hash[:8]}"

    def english(self) -> dict[str, str]:
        """clip_id -> first English caption, of the clips that have one: what features are simulated from."""
        return {clip: found[0] for clip, found in zip(self.clip_ids, self.texts["en"], strict=True) if found}


def dataset_languages(dataset: str | Path) -> tuple[str, ...]:
    """The languages of a data set: its configs but ``all``, in their order.

    Raises:
        DatasetError: no data set there, or not one in the published format.
    """
    return tuple(config for config in _configs(str(dataset)) if config != ALL)


def load_captions(
    dataset: str | Path, *, split: str, langs: Sequence[str] | None = None, accepted_only: bool = True
) -> Captions:
    """Captions of a split from a local folder or a hub id.

    Args:
        dataset: folder with Parquet files and README, or ``owner/name``; one config a language with columns
            ``clip_id``, ``caption`` and, optionally, ``accepted``; a config ``all`` gives the order of the clips.
        split: ``"train"`` or ``"validation"``.
        langs: which languages; all by default.
        accepted_only: leave texts out that the validation rejected (for training); with ``False`` they are kept (for
            evaluation, where the queries must be the same for everyone).

    Raises:
        DatasetError: unreadable, without the split, or without a language; the message names those that exist.
    """
    configs = _configs(str(dataset))
    known = [config for config in configs if config != ALL]
    wanted = list(dict.fromkeys(langs if langs is not None else known))
    for lang in wanted:
        if lang not in known:
            raise DatasetError(f"the data set {dataset} has no language {lang!r}", hint=nearest(lang, known))
    if not wanted:
        raise DatasetError(f"the data set {dataset} has no language configs")
    tables = {lang: _rows(str(dataset), lang, split, ("clip_id", "caption", "accepted")) for lang in wanted}
    clip_ids = _clip_ids(str(dataset), configs, split, tables)
    texts = {lang: _by_clip(table, clip_ids, accepted_only) for lang, table in tables.items()}
    name, content_hash = _identity(dataset, tables)
    return Captions(name, content_hash, split, clip_ids, texts)


def _configs(dataset: str) -> list[str]:
    import datasets

    if not Path(dataset).is_dir() and dataset.count("/") != 1:
        raise DatasetError(f"{dataset} is no folder", hint="build one: mycook build --recipe mini; or give owner/name")
    try:
        return list(datasets.get_dataset_config_names(dataset))
    except (OSError, ValueError, RuntimeError) as error:  # datasets' own errors derive from these
        raise DatasetError(f"cannot read the data set {dataset}: {_first_line(error)}") from None


def _rows(dataset: str, config: str, split: str, columns: Sequence[str]) -> dict[str, list[Any]]:
    import datasets

    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()  # eighteen bars of milliseconds each, for nine languages and two splits
    try:
        table = datasets.load_dataset(dataset, config, split=split)
    except (OSError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"cannot read split {split!r} of config {config!r} of the data set {dataset}: {_first_line(error)}"
        ) from None
    finally:
        if bars:
            datasets.enable_progress_bars()
    absent = [name for name in columns if name not in table.column_names and name != "accepted"]
    if absent:
        raise DatasetError(f"config {config!r} of the data set {dataset} has no column {absent[0]!r}")
    found = {name: list(table[name]) for name in columns if name in table.column_names}
    return {**({"accepted": [True] * table.num_rows} if "accepted" in columns else {}), **found}


def _clip_ids(dataset: str, configs: Sequence[str], split: str, tables: dict[str, dict[str, list[Any]]]) -> list[str]:
    """The order of config ``all``; without one, the order in which the languages name the clips."""
    if ALL in configs:
        ids = _rows(dataset, ALL, split, ("clip_id",))["clip_id"]
    else:
        ids = list(dict.fromkeys(clip for table in tables.values() for clip in table["clip_id"]))
    if not ids:
        raise DatasetError(f"split {split!r} of the data set {dataset} is empty")
    if len(set(ids)) != len(ids):
        raise DatasetError(f"split {split!r} of the data set {dataset} names a clip twice in its config {ALL!r}")
    return ids


def _by_clip(table: dict[str, list[Any]], clip_ids: list[str], accepted_only: bool) -> list[tuple[str, ...]]:
    texts: dict[str, list[str]] = {}
    for clip, caption, accepted in zip(table["clip_id"], table["caption"], table["accepted"], strict=True):
        if caption and caption.strip() and (accepted or not accepted_only):
            texts.setdefault(clip, []).append(caption)
    return [tuple(texts.get(clip, ())) for clip in clip_ids]


def _identity(dataset: str | Path, tables: dict[str, dict[str, list[Any]]]) -> tuple[str, str]:
    """Name and hash as the data set states them, else its folder's name and a hash of what was read."""
    about = Path(dataset) / ABOUT_FILE
    if not Path(dataset).is_dir():
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        try:
            about = Path(hf_hub_download(str(dataset), ABOUT_FILE, repo_type="dataset"))
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
            about = Path(dataset) / ABOUT_FILE
    try:
        stated = json.loads(about.read_text(encoding="utf-8"))
        return str(stated["name"]), str(stated["content_hash"])
    except (OSError, ValueError, KeyError, TypeError):
        content = json.dumps(tables, sort_keys=True, ensure_ascii=False)
        return Path(dataset).name, hashlib.sha256(content.encode()).hexdigest()


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
