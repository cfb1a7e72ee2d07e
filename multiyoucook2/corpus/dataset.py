"""Clips, captions, translations and verdicts -> the files of the published data set.

Config ``all`` has one row a clip with a ``datasets.Translation`` of all languages; beside it one config a language,
with a row a caption. A rejected row stays, with ``accepted = false``. Nothing depends on the time, the machine or the
path.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DatasetError
from ..files import Record, json_bytes, parquet_bytes, read_json
from .configs import dataset_tables as dataset_tables
from .hub_metadata import ALL
from .tables import ABOUT_FILE, HASHED_COLUMNS, SPLITS

HASHED_ROWS = 10_000  # at a time: each is a Python object meanwhile
FOLDER_KIND = "data set"  # what its manifest calls a published folder
VERSION = 8  # raise with any change to the published files
TEXTS = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}  # "List" is unknown to datasets 3
_DTYPES = {
    pa.string(): "string",
    pa.int32(): "int32",
    pa.float64(): "float64",
    pa.float32(): "float32",
    pa.bool_(): "bool",
}


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
        for part in _json_parts(config, table.select(hashed)):
            digest.update(part)
    return digest.hexdigest()


def _json_parts(config: str, table: pa.Table) -> Iterator[bytes]:
    """``json_bytes([config, {column: [values]}])``, piece by piece: as a whole it would take gigabytes."""
    yield f"[\n {json.dumps(config)},\n {{".encode()
    for number, name in enumerate(sorted(table.column_names)):
        yield f"{',' if number else ''}\n  {json.dumps(name)}: [".encode()
        for first in range(0, table.num_rows, HASHED_ROWS):
            values = table[name].slice(first, HASHED_ROWS).to_pylist()
            text = json_bytes([[values]]).decode()  # nested, so that the lines are indented as in the whole
            inner = text.removeprefix("[\n [\n  [").removesuffix("\n  ]\n ]\n]\n")
            yield f"{',' if first else ''}{inner}".encode()
        yield b"\n  ]" if table.num_rows else b"]"
    yield b"\n }\n]\n"


class DatasetAbout(Record, extra="allow"):
    """What a published data set says of itself in ``multiyoucook2.json``; it may say more."""

    name: str
    content_hash: str
    languages: list[str]
    rows: int
    license: str = ""
    failing: tuple[str, ...] = ()  # why it should not be relied on


def dataset_about(folder: Path) -> DatasetAbout:
    """What a published data set says of itself.

    Raises:
        DatasetError: the folder is not one that ``mycook build`` made.
    """
    try:
        return read_json(folder / ABOUT_FILE, DatasetAbout, error=DatasetError, hint="run the build again")
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(
            f"{folder} holds no data set of ours", hint="build one: mycook build --recipe mini"
        ) from None


def features_json(schema: pa.Schema) -> dict[str, object]:
    """The features as ``datasets`` writes them into a Parquet file, so that it reads ``captions`` as a Translation."""
    features: dict[str, object] = {}
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
