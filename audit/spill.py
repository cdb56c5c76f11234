"""Records on disk while an audit runs: Parquet files in a private folder, read by DuckDB within a limit of memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import duckdb

_ROWS: Final = 20_000
_BYTES: Final = 16 * 1024 * 1024


class Spill:
    """One growing Parquet file; a finished one always exists, also without rows.

    Args:
        path: The file.
        schema: Its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin without rows."""
        self.path = path
        self.rows = 0
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False)
        self._waiting: list[Sequence[Any]] = []
        self._bytes = 0

    def add(self, row: Sequence[Any], size: int = 0) -> None:
        """Add a row.

        Args:
            row: One value for each column.
            size: About how many bytes it takes in memory.
        """
        self._waiting.append(row)
        self.rows += 1
        self._bytes += size
        if len(self._waiting) >= _ROWS or self._bytes >= _BYTES:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            columns = zip(*self._waiting, strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._waiting, self._bytes = [], 0

    def close(self) -> None:
        """Write what waits, and the end of the file."""
        self._write()
        self._writer.close()

    def __enter__(self) -> Self:
        """Return the spill itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()


@contextmanager
def private_folder(within: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it with its content in the end."""
    with tempfile.TemporaryDirectory(prefix="audit-", dir=within) as name:
        yield Path(name)


def limit(database: duckdb.DuckDBPyConnection, folder: Path, memory: str) -> None:
    """Let DuckDB use so much memory and for the rest the folder."""
    database.execute(f"SET memory_limit = '{memory}'")
    database.execute(f"SET temp_directory = '{folder / 'duckdb'}'")
    database.execute("SET preserve_insertion_order = false")
    database.execute("SET TimeZone = 'UTC'")
