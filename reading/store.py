"""Store of the archive's files: Arrow's client, and DuckDB that reads by it, whose threads share a file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import duckdb
from fsspec.implementations.arrow import ArrowFile, ArrowFSWrapper
from pyarrow.fs import S3FileSystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyarrow import NativeFile


class OwnPositions(ArrowFile):  # type: ignore[misc]  # fsspec ships no types
    """File to read, in which each thread has its own position.

    DuckDB asks a file to seek and then to read, and its threads do so at the same time. With one position for all, a thread reads where
    another one has sought: "don't know what type" in a sound file of several row groups.
    """

    def __init__(self, *arguments: Any, **others: Any) -> None:  # noqa: ANN401 - fsspec's own
        """Open at the beginning."""
        super().__init__(*arguments, **others)
        self._own = threading.local()

    def tell(self) -> int:
        """Return the position of this thread."""
        return int(getattr(self._own, "position", 0))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position of this thread, in bytes from the beginning, from here or from the end as in ``io``."""
        self._own.position = offset + (0, self.tell(), self.size)[whence]
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        """Return the bytes from the position of this thread, all of them by default."""
        stream: NativeFile = self.stream
        data = bytes(stream.read_at(self.size - self.tell() if size < 0 else size, self.tell()))
        self._own.position = self.tell() + len(data)
        return data


class ArrowS3(ArrowFSWrapper):  # type: ignore[misc]  # fsspec ships no types
    """Arrow's S3 client under the scheme that the files' own addresses have."""

    protocol = "s3"

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **others: Any) -> ArrowFile:  # noqa: ANN401 - fsspec's own
        if mode == "rb":
            return OwnPositions(self, self.fs.open_input_file(path), path, mode, block_size)
        return super()._open(path, mode, block_size, **others)


class Store:
    """The archive's files.

    Args:
        reader: The stack's output ``reader``: endpoint and region, and keys where they are not those of the environment.

    Attributes:
        filesystem: Arrow's client.
    """

    def __init__(self, reader: Mapping[str, Any]) -> None:
        """Connect lazily; nothing is read yet."""
        self.filesystem = S3FileSystem(
            endpoint_override=reader["endpoint"],
            region=reader["region"],
            access_key=reader.get("accessKeyId"),
            secret_key=reader.get("secretAccessKey"),
        )
        self._database = duckdb.connect()
        self._database.register_filesystem(ArrowS3(self.filesystem))
        self._database.execute("SET TimeZone = 'UTC'")

    def database(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the DuckDB that can read the store."""
        return self._database.cursor()
