"""Clips, translations and rejections -> the files of the published data set.

Config ``all`` has one row a clip with a ``datasets.Translation`` of all languages; beside it one config a language.
Each holds every clip: a rejected row stays, with ``accepted = false``. Nothing depends on the time, the machine or
the path.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import DatasetError
from ..files import json_bytes, parquet_bytes
from .tables import ABOUT_FILE, ALL_CONFIG_COLUMNS, LANGUAGE_CONFIG, SPLITS

ALL = "all"
_DTYPES = {
    pa.string(): "string",
    pa.int32(): "int32",
    pa.float64(): "float64",
    pa.float32(): "float32",
    pa.bool_(): "bool",
}


def dataset_tables(
    clips: pa.Table, translations: Mapping[str, pa.Table], rejections: Mapping[str, pa.Table]
) -> dict[str, pa.Table]:
    """The rows of each config, both splits together, in the clips' order.

    Args:
        clips: schema ``records.CLIP``.
        translations: language -> ``records.TRANSLATION``, row for row beside the clips; English not among them.
        rejections: language -> ``records.REJECTION``.

    Returns:
        Config -> table: ``all``, ``en``, and each language. A text that is empty becomes null.
    """
    captions = {"en": clips.column("caption").to_pylist()}
    flags = {"en": [list(row) for row in clips.column("flags").to_pylist()]}
    scores: dict[str, list[float | None]] = {"en": [None] * clips.num_rows}
    accepted = {"en": [True] * clips.num_rows}
    clip_ids = clips.column("clip_id").to_pylist()
    for lang, table in translations.items():
        failed: dict[str, list[str]] = {}
        for row in rejections[lang].to_pylist():
            failed.setdefault(row["clip_id"], []).append(f"rejected:{row['check']}")
        captions[lang] = [text or None for text in table.column("text").to_pylist()]
        scores[lang] = table.column("score").to_pylist()
        engine_flags = [list(row or ()) for row in table.column("flags").to_pylist()]
        flags[lang] = [own + failed.get(clip, []) for clip, own in zip(clip_ids, engine_flags, strict=True)]
        accepted[lang] = [clip not in failed for clip in clip_ids]
    tables = {ALL: _all_config(clips, captions, flags)}
    for lang, texts in captions.items():
        columns = [clip_ids, texts, captions["en"], scores[lang], flags[lang], accepted[lang]]
        tables[lang] = pa.table(dict(zip(LANGUAGE_CONFIG.names, columns, strict=True)), schema=LANGUAGE_CONFIG)
    return tables


def _all_config(clips: pa.Table, captions: Mapping[str, list[Any]], flags: Mapping[str, list[list[str]]]) -> pa.Table:
    langs = sorted(captions)  # the order of datasets.Translation
    fields = pa.struct([(lang, pa.string()) for lang in langs])
    rows = [dict(zip(langs, row, strict=True)) for row in zip(*(captions[lang] for lang in langs), strict=True)]
    joined = [
        [flag if lang == "en" else f"{lang}:{flag}" for lang, row in zip(flags, found, strict=True) for flag in row]
        for found in zip(*flags.values(), strict=True)
    ]
    made = {"captions": pa.array(rows, fields), "flags": pa.array(joined, pa.list_(pa.string()))}
    return pa.table({name: made[name] if name in made else clips.column(name) for name in ALL_CONFIG_COLUMNS})


def present_splits(clips: pa.Table) -> list[str]:
    """The splits with clips: ``datasets`` cannot read a split without rows, which a limited build may have."""
    found = set(clips.column("split").to_pylist())
    return [split for split in SPLITS if split in found]


def dataset_files(tables: Mapping[str, pa.Table], clips: pa.Table) -> dict[str, bytes]:
    """The Parquet files of all configs and splits, by relative name such as ``de/train.parquet``."""
    splits = clips.column("split").to_pylist()
    files = {}
    for config, table in tables.items():
        for split in present_splits(clips):
            rows = table.filter(pa.array([found == split for found in splits], pa.bool_()))
            files[f"{config}/{split}.parquet"] = _parquet(rows)
    return files


def content_hash(tables: Mapping[str, pa.Table], clips: pa.Table) -> str:
    """A name of the data set's content: SHA-256 over all values, whatever wrote the files."""
    digest = hashlib.sha256()
    digest.update(json_bytes(clips.column("split").to_pylist()))
    for config in sorted(tables):
        digest.update(json_bytes([config, tables[config].to_pydict()]))
    return digest.hexdigest()


def dataset_about(folder: Path) -> dict[str, Any]:
    """What a published data set says of itself: ``name``, ``content_hash``, ``languages``, ``rows``.

    Raises:
        DatasetError: the folder is not one that ``mycook build`` made.
    """
    try:
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DatasetError(
            f"{folder} holds no data set of ours", hint="build one: mycook build --recipe mini"
        ) from None
    if not isinstance(about, dict) or "content_hash" not in about:
        raise DatasetError(f"{folder / ABOUT_FILE} is damaged", hint="run the build again")
    return about


def features_json(schema: pa.Schema) -> dict[str, Any]:
    """The features as ``datasets`` writes them into a Parquet file, so that it reads ``captions`` as a Translation."""
    features: dict[str, Any] = {}
    for column in schema:
        if pa.types.is_struct(column.type):
            languages = [column.type.field(index).name for index in range(column.type.num_fields)]
            features[column.name] = {"languages": languages, "_type": "Translation"}
        elif pa.types.is_list(column.type):
            features[column.name] = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}
        else:
            features[column.name] = {"dtype": _DTYPES[column.type], "_type": "Value"}
    return {"info": {"features": features}}


def _parquet(table: pa.Table) -> bytes:
    metadata = {"huggingface": json.dumps(features_json(table.schema))}
    table = table.combine_chunks().replace_schema_metadata(metadata)
    # One row group and one chunk: the bytes depend on the rows alone.
    return parquet_bytes(table, row_group_size=table.num_rows)
