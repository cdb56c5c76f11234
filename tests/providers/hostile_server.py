"""A server that answers with any bytes, at any pace, or not at all."""

from __future__ import annotations

import gzip
import socketserver
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    Behaviour = Callable[["Connection"], None]


class Connection:
    """One request and the way back.

    Attributes:
        method: HTTP method.
        path: Path and query.
        ended: Set when the server ends.
    """

    def __init__(self, sock: socket.socket, ended: threading.Event) -> None:
        """Read the request."""
        self._sock = sock
        self.ended = ended
        with sock.makefile("rb") as file:
            self.method, _, rest = file.readline().decode("latin-1").partition(" ")
            self.path = rest.partition(" ")[0]
            length = 0
            while (line := file.readline().strip()) and line:
                name, _, value = line.decode("latin-1").partition(":")
                length = int(value) if name.lower() == "content-length" else length
            file.read(length)

    def send(self, data: bytes) -> None:
        """Send bytes; the end of the connection ends the behaviour."""
        self._sock.sendall(data)

    def endless(self, data: bytes, pause: float = 0.0) -> None:
        """Send bytes until the other side or the server ends."""
        while not self.ended.is_set():
            self.send(data)
            if pause:
                self.ended.wait(pause)

    def silent(self) -> None:
        """Say nothing until the server ends."""
        self.ended.wait(60)


@contextmanager
def hostile(behaviour: Behaviour) -> Iterator[str]:
    """Serve a behaviour on 127.0.0.1 and yield the address."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                behaviour(Connection(self.request, ended))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return an answer of HTTP."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8") + body


def saying(data: bytes) -> Behaviour:
    """Return the behaviour that answers with bytes and closes."""
    return lambda connection: connection.send(data)


def bomb(megabytes: int, layers: int = 1) -> bytes:
    """Return JSON of so many megabytes, packed to a thousandth, with each further layer again."""
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = (
        packed.compress(b'"') + b"".join(packed.compress(b"x" * 2**20) for _ in range(megabytes)) + packed.compress(b'"') + packed.flush()
    )
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


_ENDLESS = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _then(first: bytes, then: Callable[[Connection], None]) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.send(first)
        then(connection)

    return behave


# what never ends by itself
UNENDING: dict[str, Behaviour] = {
    "silence": lambda connection: connection.silent(),
    "a dripping status": lambda connection: connection.endless(b"H", 0.05),
    "dripping headers": _then(b"HTTP/1.1 200 OK\r\n", lambda connection: connection.endless(b"X-A: b\r\n", 0.05)),
    "a dripping header": _then(b"HTTP/1.1 200 OK\r\nX: ", lambda connection: connection.endless(b"a", 0.05)),
    "endless interim answers": lambda connection: connection.endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a dripping body": _then(_ENDLESS, lambda connection: connection.endless(b" ", 0.05)),
    "a dripping body of known length": _then(http(200, b"", "Content-Length: 999999"), lambda connection: connection.endless(b" ", 0.05)),
    "dripping chunks": _then(_CHUNKED, lambda connection: connection.endless(b"1\r\n \r\n", 0.05)),
    "an endless size of a chunk": _then(_CHUNKED + b"1;", lambda connection: connection.endless(b"a", 0.05)),
    "a trailer without end": _then(_CHUNKED + b"0\r\n", lambda connection: connection.endless(b"A: b\r\n", 0.01)),
    "half a body, then silence": _then(http(200, b"", "Content-Length: 99") + b"{", lambda connection: connection.silent()),
    "a redirect whose body drips": _then(b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n", lambda connection: connection.endless(b" ", 0.05)),
    "an empty gzip without end": _then(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b""), lambda connection: connection.endless(b"\0", 0.05)
    ),
}

# what would fill the memory
LARGE: dict[str, Behaviour] = {
    "a body without end": _then(_ENDLESS, lambda connection: connection.endless(b" " * 2**16)),
    "a redirect with a body without end": _then(
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", lambda connection: connection.endless(b" " * 2**16)
    ),
    "chunks without end": _then(_CHUNKED, lambda connection: connection.endless(b"10000\r\n" + b" " * 2**16 + b"\r\n")),
    "a gzip bomb": saying(http(200, bomb(400), "Content-Encoding: gzip")),
    "a gzip bomb with an error": saying(http(500, bomb(400), "Content-Encoding: gzip")),
    "a gzip bomb in another": saying(http(200, bomb(400, 2), "Content-Encoding: gzip, gzip")),
    "bytes behind the end of a gzip": _then(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), lambda connection: connection.endless(b"\0" * 2**16)
    ),
}

# what is no answer of HTTP, or breaks off
BROKEN: dict[str, Behaviour] = {
    "the end at once": lambda _connection: None,
    "another protocol": saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "random bytes": saying(bytes(range(256)) * 8),
    "half a status": saying(b"HTTP/1.1 2"),
    "no number": saying(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a number that is no status": saying(b"HTTP/1.1 99999 OK\r\n\r\n"),
    "a negative length": saying(http(200, b"{}", "Content-Length: -5")),
    "two lengths": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\n{}"),
    "half a body": saying(http(200, b"", "Content-Length: 99") + b"{"),
    "half a chunk": saying(_CHUNKED + b"ff\r\n{"),
    "a size that is none": saying(_CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "a gzip that is none": saying(http(200, b"{}", "Content-Encoding: gzip")),
    "half a gzip": saying(http(200, gzip.compress(b"{}" * 999)[:20], "Content-Encoding: gzip")),
    "an encoding that nobody asked for": saying(http(200, b"{}", "Content-Encoding: br")),
    "a hundred thousand headers": saying(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n{}"),
    "a header of a megabyte": saying(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**20 + b"\r\n\r\n{}"),
    "headers that are none": saying(b"HTTP/1.1 200 OK\r\n\xff\xfe\0\r\n: x\r\n\r\n[7]"),
    "another protocol from now on": saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "a cookie that is none": saying(http(200, b"<p>", "Set-Cookie: \xff=;;;=; expires=x")),
    "a line too many": saying(b"\r\n\r\n\r\n" + http(200, b"{}")),
    "the old HTTP without headers": saying(b"<html>hello</html>"),
}


def measured(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took and what it returned or raised."""
    begun = time.monotonic()
    try:
        result: Any = call()
    except Exception as error:  # noqa: BLE001 - the kind of the error is what tests look at
        result = error
    return time.monotonic() - begun, result
