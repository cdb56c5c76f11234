"""Records on disk while an audit runs: Parquet files in a private folder, read by DuckDB within a limit of memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.description.stack import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_ROWS: Final = 20_000
_BYTES: Final = 16 * 1024 * 1024
_CURE: Final = "--folder or TMPDIR names a folder on a larger disk; that of a scheduled audit has audit.diskMib"
# DuckDB keeps the description of a file that it reads, beside its limit: 75 MB for the 5,900 row groups of 100 million rows in one file
_GROUPS: Final = 100


def written(path: Path) -> str:
    """Return the pattern of the files of a spill."""
    return f"{path}*"


class Spill:
    """A growing Parquet file, with further ones once it is long; a finished one always exists, also without rows.

    Args:
        path: The first file; the next ones have a number behind its name.
        schema: Its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin without rows. Raises UnansweredError if the disk takes none."""
        self.path = path
        self.rows = 0
        self._schema = schema
        self._files = self._groups = 0
        for earlier in path.parent.glob(f"{path.name}.*"):
            earlier.unlink()
        self._writer = self._opened()
        self._waiting: list[Sequence[Any]] = []
        self._bytes = 0

    def add(self, row: Sequence[Any], size: int = 0) -> None:
        """Add a row.

        Args:
            row: One value for each column.
            size: About how many bytes it takes in memory.

        Raises:
            UnansweredError: If the disk takes no more.
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
            if self._groups == _GROUPS:
                self._end()
                self._writer = self._opened()
            with _taken(self.path):
                self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
            self._groups += 1
        self._waiting, self._bytes = [], 0

    def _opened(self) -> pq.ParquetWriter:
        path = self.path.with_name(f"{self.path.name}.{self._files}") if self._files else self.path
        self._files, self._groups = self._files + 1, 0
        with _taken(path):
            return pq.ParquetWriter(path, self._schema, compression="zstd", use_dictionary=False)

    def close(self) -> None:
        """Write what waits, and the end of the file. Raises UnansweredError if the disk takes no more."""
        self._write()
        self._end()

    def _end(self) -> None:
        with _taken(self.path):
            self._writer.close()

    def __enter__(self) -> Self:
        """Return the spill itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()


@contextmanager
def _taken(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"the folder {path.parent} takes no more rows ({error.strerror or error}): {_CURE}"
        raise UnansweredError(message) from None


@contextmanager
def within_limits(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Ask DuckDB, and raise UnansweredError where memory and disk together are too small for a question."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        found = database.execute("SELECT current_setting('memory_limit'), current_setting('temp_directory')").fetchall()
        memory, folder = found[0]
        message = (
            f"DuckDB needs more than its memory of {memory} and the disk of {folder} ({str(error).splitlines()[0]}): {_CURE}; "
            "--memory or audit.memoryMib gives more memory"
        )
        raise UnansweredError(message) from None


@contextmanager
def private_folder(within: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it with its content in the end."""
    with tempfile.TemporaryDirectory(prefix="audit-", dir=within) as name:
        yield Path(name)


def limit(database: duckdb.DuckDBPyConnection, folder: Path, memory: str, threads: int | None = None) -> None:
    """Let DuckDB use so much memory, for the rest the folder, and so many threads; by default one for each core."""
    if threads is not None:
        database.execute(f"SET threads = {threads}")
    database.execute(f"SET memory_limit = '{memory}'")
    database.execute(f"SET temp_directory = '{folder / 'duckdb'}'")
    database.execute("SET preserve_insertion_order = false")
    database.execute("SET TimeZone = 'UTC'")
