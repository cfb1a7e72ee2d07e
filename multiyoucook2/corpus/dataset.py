"""Clips, captions, translations and verdicts -> the files of the published data set.

Config ``all`` has one row a clip with a ``datasets.Translation`` of all languages; beside it one config a language,
with a row a caption. A rejected row stays, with ``accepted = false``. Nothing depends on the time, the machine or the
path.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DatasetError
from ..files import Record, json_bytes, parquet_bytes, read_json
from .hub_metadata import ALL
from .tables import ABOUT_FILE, ALL_CONFIG_COLUMNS, HASHED_COLUMNS, LANGUAGE_CONFIG, REJECT, SPLITS

FOLDER_KIND = "data set"  # what its manifest calls a published folder
VERSION = 4  # raise with any change to the published files
TEXTS = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}  # "List" is unknown to datasets 3
_DTYPES = {
    pa.string(): "string",
    pa.int32(): "int32",
    pa.float64(): "float64",
    pa.float32(): "float32",
    pa.bool_(): "bool",
}


def dataset_tables(
    clips: pa.Table,
    captions: pa.Table,
    translations: Mapping[str, pa.Table],
    verdicts: Mapping[str, pa.Table],
    qualities: Mapping[str, pa.Table] | None = None,
    *,
    source_lang: str = "en",
    reviewed: Mapping[str, Collection[tuple[str, int]]] | None = None,
) -> dict[str, pa.Table]:
    """The rows of each config, all splits together: a row a clip in ``all``, a row a caption in a language's config.

    Args:
        clips: schema ``corpus.tables.CLIP``, in the order of publication.
        captions: ``CAPTION``; those of the source language are published as they are.
        translations: language -> ``TRANSLATION``, by clip and index in the clips' order; the source language's not.
        verdicts: language -> ``VERDICT``.
        qualities: language -> ``QUALITY``, of the rows that were estimated.
        reviewed: language -> (clip, caption index) of the translations that a person confirmed.

    Returns:
        Config -> table: ``all``, the source language, and each other one. A text that is empty becomes null. The column
        ``caption_index`` is there only where some clip has several captions.
    """
    source = captions.filter(pc.equal(captions["lang"], source_lang))
    rows = {source_lang: _source_rows(source)}
    known, seen = qualities or {}, reviewed or {}
    rows |= {
        lang: _translated_rows(table, verdicts[lang], known.get(lang), seen.get(lang, ()))
        for lang, table in translations.items()
    }
    english = {(row["clip_id"], row["caption_index"]): row["caption"] for row in rows.get("en", [])}
    several = any(row["caption_index"] for found in rows.values() for row in found)
    schema = LANGUAGE_CONFIG if several else LANGUAGE_CONFIG.remove(LANGUAGE_CONFIG.get_field_index("caption_index"))
    tables = {ALL: _all_config(clips, rows, several=several)}
    for lang, found in rows.items():
        for row in found:
            row["caption_en"] = english.get((row["clip_id"], row["caption_index"]))
        tables[lang] = pa.Table.from_pylist(found, schema=schema)
    return tables


def _source_rows(captions: pa.Table) -> list[dict[str, Any]]:
    return [
        {
            "clip_id": row["clip_id"],
            "caption_index": row["caption_index"],
            "caption": row["text"],
            "origin": row["origin"],
            "flags": row["flags"] or [],
            "accepted": True,
            "reviewed": False,
        }
        for row in captions.to_pylist()
    ]


def _translated_rows(
    translations: pa.Table,
    verdicts: pa.Table,
    qualities: pa.Table | None,
    reviewed: Collection[tuple[str, int]],
) -> list[dict[str, Any]]:
    columns = qualities.columns if qualities is not None else ([], [], [])
    quality = {(str(clip), index.as_py()): value.as_py() for clip, index, value in zip(*columns, strict=True)}
    failed: dict[tuple[str, int], list[str]] = {}
    for row in verdicts.filter(pc.equal(verdicts["severity"], REJECT)).to_pylist():
        failed.setdefault((row["clip_id"], row["caption_index"]), []).append(f"rejected:{row['check']}")
    rows = []
    for row in translations.to_pylist():
        refused = failed.get((row["clip_id"], row["caption_index"]), [])
        rows.append(
            {
                "clip_id": row["clip_id"],
                "caption_index": row["caption_index"],
                "caption": row["text"] or None,
                "origin": row["origin"],
                "engine": row["model"] or None,
                "license": row["license"] or None,
                "score": row["score"],
                "quality": quality.get((row["clip_id"], row["caption_index"])),
                "flags": [*(row["flags"] or ()), *refused],
                "accepted": not refused,
                "reviewed": (row["clip_id"], row["caption_index"]) in reviewed,
            }
        )
    return rows


def _all_config(clips: pa.Table, rows: Mapping[str, list[dict[str, Any]]], *, several: bool) -> pa.Table:
    """A row a clip. ``captions`` has a text a language, or a list of them by caption index where there are several."""
    langs = sorted(rows)  # the order of datasets.Translation
    text = pa.list_(pa.string()) if several else pa.string()
    texts: dict[str, dict[str, list[str | None]]] = {clip: {} for clip in clips["clip_id"].to_pylist()}
    flags: dict[str, list[str]] = {clip: [] for clip in texts}
    for lang, found in rows.items():
        for row in found:
            of_lang = texts[row["clip_id"]].setdefault(lang, [])
            of_lang.extend([None] * (row["caption_index"] - len(of_lang)))  # a caption that is missing keeps its place
            of_lang.append(row["caption"])
            flags[row["clip_id"]] += [flag if lang == "en" else f"{lang}:{flag}" for flag in row["flags"]]
    captions = [
        {lang: found.get(lang) if several else next(iter(found.get(lang, [])), None) for lang in langs}
        for found in texts.values()
    ]
    made = {
        "captions": pa.array(captions, pa.struct([(lang, text) for lang in langs])),
        "flags": pa.array(list(flags.values()), pa.list_(pa.string())),
    }
    return pa.table({name: made[name] if name in made else clips.column(name) for name in ALL_CONFIG_COLUMNS})


def present_splits(clips: pa.Table) -> list[str]:
    """The splits with clips: ``datasets`` cannot read a split without rows, which a limited build may have."""
    found = set(clips.column("split").to_pylist())
    return [split for split in SPLITS if split in found]


def dataset_files(tables: Mapping[str, pa.Table], clips: pa.Table) -> dict[str, bytes]:
    """The Parquet files of all configs and splits, by relative name such as ``de/train.parquet``."""
    files = {}
    for config, table in tables.items():
        splits = _splits_of(table, clips)
        for split in present_splits(clips):
            rows = table.filter(pc.equal(splits, split))
            if not rows.num_rows:  # a language that no clip of the split has
                continue
            files[f"{config}/{split}.parquet"] = _parquet(rows)
    return files


def _splits_of(table: pa.Table, clips: pa.Table) -> pa.Array:
    """The split of each row's clip."""
    place = pc.index_in(table["clip_id"], value_set=clips["clip_id"].combine_chunks())
    return clips["split"].combine_chunks().take(place.combine_chunks())


def content_hash(tables: Mapping[str, pa.Table], clips: pa.Table) -> str:
    """A name of the data set's content: SHA-256 over its texts, scores, flags and splits, whatever wrote the files."""
    digest = hashlib.sha256()
    digest.update(json_bytes(clips.column("split").to_pylist()))
    for config in sorted(tables):
        table = tables[config]
        hashed = (
            table.column_names if config == ALL else [name for name in HASHED_COLUMNS if name in table.schema.names]
        )
        digest.update(json_bytes([config, table.select(hashed).to_pydict()]))
    return digest.hexdigest()


class _About(Record, extra="allow"):
    """``multiyoucook2.json``, as far as it is relied on."""

    name: str
    content_hash: str
    languages: list[str]
    rows: int


def dataset_about(folder: Path) -> dict[str, Any]:
    """What a published data set says of itself: ``name``, ``content_hash``, ``languages``, ``rows``.

    Raises:
        DatasetError: the folder is not one that ``mycook build`` made.
    """
    try:
        return read_json(folder / ABOUT_FILE, _About, error=DatasetError, hint="run the build again").model_dump()
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(
            f"{folder} holds no data set of ours", hint="build one: mycook build --recipe mini"
        ) from None


def features_json(schema: pa.Schema) -> dict[str, Any]:
    """The features as ``datasets`` writes them into a Parquet file, so that it reads ``captions`` as a Translation."""
    features: dict[str, Any] = {}
    for column in schema:
        if pa.types.is_struct(column.type) and pa.types.is_list(column.type.field(0).type):
            languages = [column.type.field(index).name for index in range(column.type.num_fields)]
            features[column.name] = dict.fromkeys(languages, TEXTS)
        elif pa.types.is_struct(column.type):
            languages = [column.type.field(index).name for index in range(column.type.num_fields)]
            features[column.name] = {"languages": languages, "_type": "Translation"}
        elif pa.types.is_list(column.type):
            features[column.name] = TEXTS
        else:
            features[column.name] = {"dtype": _DTYPES[column.type], "_type": "Value"}
    return {"info": {"features": features}}


def _parquet(table: pa.Table) -> bytes:
    metadata = {"huggingface": json.dumps(features_json(table.schema))}
    table = table.combine_chunks().replace_schema_metadata(metadata)
    # One row group and one chunk: the bytes depend on the rows alone.
    return parquet_bytes(table, row_group_size=table.num_rows)
