"""Store of the archive's files: Arrow's client, and DuckDB that reads by it, whose threads share a file."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
from fsspec.implementations.arrow import ArrowFile, ArrowFSWrapper
from pyarrow.fs import S3FileSystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyarrow import NativeFile

_KEPT_FILE_BYTES: Final = 4 * 2**20
"""Largest file that is read as a whole; of a larger one a query needs some columns only."""
_KEPT_BYTES: Final = 256 * 2**20


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


class KeptFiles:
    """Small files of a store in memory, so that whoever looks at a table again and again asks the store for the new ones only.

    A data file of a table never changes: each commit writes files of new names. The oldest go first once all together exceed 256 MiB.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: dict[str, pa.Buffer] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> pa.Buffer | None:
        """Return the bytes of a file, or nothing if they are not kept."""
        return self._kept.get(path)

    def add(self, path: str, content: pa.Buffer) -> None:
        """Keep the bytes of a file, and let older ones go."""
        with self._lock:
            before = self._kept.pop(path, None)
            self._kept[path] = content
            self._bytes += content.size - (before.size if before is not None else 0)
            while self._bytes > _KEPT_BYTES:
                self._bytes -= self._kept.pop(next(iter(self._kept))).size


class ArrowS3(ArrowFSWrapper):  # type: ignore[misc]  # fsspec ships no types
    """Arrow's S3 client under the scheme that the files' own addresses have.

    Args:
        filesystem: Arrow's client.
        kept: Where small files are kept in memory; only for a store whose files never change.
    """

    protocol = "s3"
    # fsspec gives the existing object again for equal arguments; what one stack has read is not another one's
    cachable = False

    def __init__(self, filesystem: pa.fs.FileSystem, kept: KeptFiles | None = None) -> None:
        """Open nothing yet."""
        super().__init__(filesystem)
        self._kept = kept

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **others: Any) -> ArrowFile:  # noqa: ANN401 - fsspec's own
        if mode != "rb":
            return super()._open(path, mode, block_size, **others)
        kept = self._in_memory(path)
        stream = self.fs.open_input_file(path) if kept is None else pa.BufferReader(kept)
        if self._kept and kept is None and stream.size() <= _KEPT_FILE_BYTES:
            content = stream.read_buffer()
            self._kept.add(path, content)
            stream = pa.BufferReader(content)
        return OwnPositions(self, stream, path, mode, block_size)

    def _in_memory(self, path: str) -> pa.Buffer | None:
        return self._kept.get(self._strip_protocol(path)) if self._kept else None

    def info(self, path: str, **others: Any) -> dict[str, Any]:  # noqa: ANN401 - fsspec's own
        """Return name, size and type of a file; of a kept one without asking the store."""
        kept = self._in_memory(path)
        return super().info(path, **others) if kept is None else {"name": self._strip_protocol(path), "size": kept.size, "type": "file"}

    def modified(self, path: str) -> dt.datetime:
        """Return the time of a file's last change; a kept one has none, since it never changes."""
        return super().modified(path) if self._in_memory(path) is None else dt.datetime.min.replace(tzinfo=dt.UTC)


class Store:
    """The archive's files.

    Args:
        reader: The stack's output ``reader``: endpoint and region, and keys where they are not those of the environment.
        kept: Where small files are kept in memory; only for folders whose files never change.

    Attributes:
        filesystem: Arrow's client.
    """

    def __init__(self, reader: Mapping[str, Any], kept: KeptFiles | None = None) -> None:
        """Connect lazily; nothing is read yet."""
        self.filesystem = S3FileSystem(
            endpoint_override=reader["endpoint"],
            region=reader["region"],
            access_key=reader.get("accessKeyId"),
            secret_key=reader.get("secretAccessKey"),
            session_token=reader.get("sessionToken"),
        )
        self._database = duckdb.connect()
        self._database.register_filesystem(ArrowS3(self.filesystem, kept))
        self._database.execute("SET TimeZone = 'UTC'")

    def database(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the DuckDB that can read the store."""
        return self._database.cursor()
