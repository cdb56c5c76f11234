"""Transport of requests: it can be ended from outside, and it does not look at redirects."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter


@dataclass(slots=True)
class Hold:
    """Hold on the socket of an exchange, to end it at the deadline.

    Attributes:
        ends: Deadline on the monotonic clock.
        begun: True once the status and the headers have arrived.
        sockets: The open sockets.
    """

    ends: float
    begun: bool = False
    sockets: list[socket.socket] = field(default_factory=list)

    def take(self, opened: socket.socket) -> None:
        """Take hold of a new socket; refuse one that comes too late, so that no request is sent that was given up."""
        self.sockets.append(opened)
        if time.monotonic() >= self.ends:
            raise TimeoutError

    def end(self) -> None:
        """End the exchange: its thread sees the end of the connection."""
        for opened in self.sockets:
            with suppress(OSError):
                # not SSLSocket's own, which takes the TLS session away from under the reading thread
                socket.socket.shutdown(opened, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the sockets, which urllib3 forgets open where it gives a connection up; only for the thread of the exchange."""
        for opened in self.sockets:
            with suppress(OSError):
                # a socket's own `close` waits for its readers to be collected
                os.close(opened.detach())


class Adapter(HTTPAdapter):
    """Transport whose sockets are held."""

    def __init__(self, hold: Hold) -> None:
        """Let `hold` have every socket."""
        super().__init__()
        self._hold = hold

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the base's
        """Return the pool of connections, each of which hands over its socket."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _held(pool.ConnectionCls, self._hold)
        return pool


class Session(requests.Session):
    """A session that does not even look at redirects: `requests` reads their whole body, however large."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: no answer is a redirect."""


def _held(kind: Any, hold: Hold) -> Any:  # noqa: ANN401 - a class of urllib3, plain or TLS
    class Held(kind):  # type: ignore[misc]  # a base known at run time only
        def connect(self) -> None:
            super().connect()
            hold.take(self.sock)

    return Held
