"""Parquet, read a row group at a time."""

from collections.abc import Iterator
from pathlib import Path

from ...errors import SourceError
from ..archive import require_file
from .base import Row, Rows, columns_of, usual_names

SUFFIXES = (".parquet",)
_BATCH = 10_000  # rows


def read_parquet(path: Path, wanted: dict[str, str]) -> Rows:
    """Rows by number; only the columns that may hold a field are read, since others may hold videos.

    Raises:
        SourceError: no Parquet, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_file(path)
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{path} is no readable Parquet file: {str(error).splitlines()[0]}") from None
    columns = columns_of(schema, wanted)
    used = [name for name in columns if name in usual_names(wanted)]

    def rows() -> Iterator[Row]:
        number = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH, columns=used):
                    for row in batch.to_pylist():
                        number += 1
                        yield number, row
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(f"{path} is damaged after row {number}: {str(error).splitlines()[0]}") from None

    return Rows(columns, rows())
