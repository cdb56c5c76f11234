"""Objects of the archive's store as files for pyiceberg, read by signed requests; nothing can be written or deleted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NoReturn, cast
from urllib.parse import quote, urlsplit

from pyiceberg.io import FileIO, InputFile

from pipeline.reading.signed import domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyiceberg.io import InputStream, OutputFile
    from requests import Response

    from pipeline.reading.signed import SignedRequests

_BUFFER_BYTES = 256 * 1024
_MISSING, _WHOLE, _PART = 404, 200, 206


class Objects(FileIO):
    """Store of objects.

    Args:
        requests: Sender of requests.
        endpoint: Address of the store, or None for AWS.
    """

    def __init__(self, requests: SignedRequests, endpoint: str | None) -> None:
        """Read nothing yet."""
        super().__init__()
        self._requests = requests
        self._endpoint = (endpoint or f"https://s3.{requests.region}.{domain(requests.region)}").rstrip("/")

    def ask(self, method: str, location: str, headers: Mapping[str, str]) -> Response:
        """Return the answer to a request for an object. Raises OSError, which names the object, for any but its content."""
        place = urlsplit(location)
        # by path, since the certificate for buckets as host names does not hold for a name with dots
        url = f"{self._endpoint}/{place.netloc}/{quote(place.path.lstrip('/'), safe='/-_.~')}"
        answer = self._requests.send(method, url, "s3", headers)
        if answer.status_code not in {_WHOLE, _PART}:
            kind = FileNotFoundError if answer.status_code == _MISSING else OSError
            message = f"the store answers {answer.status_code} for {location}"
            raise kind(message)
        return answer

    def new_input(self, location: str) -> InputFile:
        """Return an object as a file to read."""
        return StoredFile(self, location)

    def new_output(self, location: str) -> OutputFile:
        """Refuse. Raises OSError."""
        self._refuse(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Refuse. Raises OSError."""
        self._refuse(location if isinstance(location, str) else location.location)

    def _refuse(self, location: str) -> NoReturn:
        message = f"{location} is only read here"
        raise PermissionError(message)


class StoredFile(InputFile):
    """Object as a file to read.

    Args:
        store: Its store.
        location: Its address, such as ``s3://bucket/key``.
    """

    def __init__(self, store: Objects, location: str) -> None:
        """Ask nothing yet."""
        super().__init__(location)
        self._store = store

    def __len__(self) -> int:
        """Return its size in bytes."""
        return int(self._store.ask("HEAD", self.location, {}).headers["Content-Length"])

    def exists(self) -> bool:
        """Tell whether there is such an object."""
        try:
            return len(self) >= 0
        except FileNotFoundError:
            return False

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002, FBT001, FBT002 - as pyiceberg calls it
        """Return a stream of its bytes: of a whole one by one request, else of the parts that are read."""
        return cast("InputStream", io.BufferedReader(_Parts(self._store, self), _BUFFER_BYTES))


class _Parts(io.RawIOBase):
    """Bytes of an object from a position on."""

    def __init__(self, store: Objects, file: StoredFile) -> None:
        self._store, self._file, self._position, self._size = store, file, 0, -1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END and self._size < 0:
            self._size = len(self._file)
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def readall(self) -> bytes:
        # a range that begins at the end is refused
        if self._position == self._size:
            return b""
        part = {"Range": f"bytes={self._position}-"} if self._position else {}
        content = self._taken(self._store.ask("GET", self._file.location, part).content)
        self._size = self._position
        return content

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # any buffer
        if self._size < 0:
            self._size = len(self._file)
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        part = {"Range": f"bytes={self._position}-{end - 1}"}
        content = self._taken(self._store.ask("GET", self._file.location, part).content)
        buffer[: len(content)] = content
        return len(content)

    def _taken(self, content: bytes) -> bytes:
        self._position += len(content)
        return content
