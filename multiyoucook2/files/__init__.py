"""Files and folders, each thing once.

- :mod:`.whole`: whole files, hashes, JSON and Parquet as bytes, the cache's place
- :mod:`.reading`: strict readers of what may be damaged, edited by hand, or somebody else's
- :mod:`.pickles`: pickles of plain data, of which nothing is run; imported by itself, since it needs numpy
- :mod:`.locks`: one process in a folder at a time, and who it is
- :mod:`.manifest`: what a folder of ours holds, and what differs from that
- :mod:`.tsv`: what a cell of a tab-separated table may hold
- :mod:`.rows`: a table's delimiter, its cells, and its rows by the names of their columns
- :mod:`.folders`: whole folders, which replace only what a manifest of ours lists
"""

from .folders import (
    claim_folder,
    clear_leftovers,
    foreign_entry,
    fresh_folder,
    refuse_foreign,
    replace_folder,
    update_file,
    work_folder,
)
from .locks import LOCK_FILE, LOCK_FILES, lock, lock_holder
from .manifest import MANIFEST, FileRow, damaged_files, entries, folder_hash, read_manifest, write_manifest
from .reading import Record, open_arrow, open_regular, read_arrow, read_bytes, read_json, read_parquet, read_text
from .rows import DELIMITERS, Quoting, by_column, column_names, table_cells, table_format
from .whole import (
    PARTIAL_PREFIX,
    atomic_write,
    cache_root,
    clear_partial,
    file_bytes,
    file_sha256,
    json_bytes,
    json_text,
    known_sha256,
    parquet_bytes,
    require_new,
    sync_folder,
    write_synced,
)

__all__ = [
    "DELIMITERS",
    "LOCK_FILE",
    "LOCK_FILES",
    "MANIFEST",
    "PARTIAL_PREFIX",
    "FileRow",
    "Quoting",
    "Record",
    "atomic_write",
    "by_column",
    "cache_root",
    "claim_folder",
    "clear_leftovers",
    "clear_partial",
    "column_names",
    "damaged_files",
    "entries",
    "file_bytes",
    "file_sha256",
    "folder_hash",
    "foreign_entry",
    "fresh_folder",
    "json_bytes",
    "json_text",
    "known_sha256",
    "lock",
    "lock_holder",
    "open_arrow",
    "open_regular",
    "parquet_bytes",
    "read_arrow",
    "read_bytes",
    "read_json",
    "read_manifest",
    "read_parquet",
    "read_text",
    "refuse_foreign",
    "replace_folder",
    "require_new",
    "sync_folder",
    "table_cells",
    "table_format",
    "update_file",
    "work_folder",
    "write_manifest",
    "write_synced",
]
