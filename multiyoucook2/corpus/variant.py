"""A data set with the same captions, of which others are accepted, so that training is given others."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

import pyarrow as pa
import yaml

from ..files import json_bytes, parquet_bytes, replace_folder
from .captions import ALL, caption_indices, dataset_languages, dataset_splits, load_captions
from .folders import LANGUAGE_COLUMNS, open_source
from .provenance import CaptionKey
from .tables import ABOUT_FILE

KIND = "variant of a data set"


def variant_hash(content_hash: str, name: str) -> str:
    """The content hash of a data set's variant."""
    return hashlib.sha256(f"{content_hash}\0{name}".encode()).hexdigest()


def write_variant(
    dataset: str | Path, out: Path, *, name: str, split: str, refused: Mapping[str, Collection[CaptionKey]]
) -> str:
    """Write a copy of a data set in which other captions of a split are refused; returns its content hash.

    Args:
        name: what tells it from other variants of the data set; with the data set's own hash it makes the variant's.
        refused: language -> the captions of ``split`` that are not accepted there, in place of those that were not; a
            language that is not named, and other splits, stay as they are.

    Raises:
        DatasetError: the data set cannot be read. WorkspaceError: ``out`` holds something else.
    """
    source, langs, splits = open_source(dataset), dataset_languages(dataset), dataset_splits(dataset)
    about = load_captions(dataset, split=split, langs=langs[:1])
    content_hash = variant_hash(about.content_hash, name)
    files, configs = {}, []
    for config in [ALL, *langs] if ALL in source.configs else langs:
        there = [one for one in splits if one in source.splits(config)]
        for one in there:
            table = source.read(config, one, ("clip_id",) if config == ALL else LANGUAGE_COLUMNS)
            if one == split and config in refused:
                keys = zip(table["clip_id"], caption_indices(table), strict=True)
                table = {**table, "accepted": [key not in refused[config] for key in keys]}
            files[f"{config}/{one}.parquet"] = parquet_bytes(pa.table(table))
        paths = [{"split": one, "path": f"{config}/{one}.parquet"} for one in there]
        configs.append({"config_name": config, "data_files": paths})
    head = yaml.safe_dump({"configs": configs}, sort_keys=False)
    files["README.md"] = f"---\n{head}---\n{name}: other captions are accepted than in {about.label}.\n".encode()
    values = {"name": f"{about.name}-{name}", "content_hash": content_hash, "source_lang": about.source}
    files[ABOUT_FILE] = json_bytes(values)
    replace_folder(out, files, KIND)
    return content_hash
