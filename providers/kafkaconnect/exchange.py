"""One HTTP exchange, bounded in total time and in size, without redirects.

The limits of `requests` bound one read each, so headers or a body that drip are endless for it; and it reads a whole answer, unpacks all of
it, and follows redirects, also those of a PUT, which a 303 turns into a GET that changes nothing.
"""

from __future__ import annotations

import http.client
import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import requests
from urllib3.exceptions import HTTPError

from providers.deadline import OverdueError, within
from providers.kafkaconnect.errors import AwayError, ForeignError, NotNowError
from providers.kafkaconnect.transport import Adapter, Hold, Session

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_SECONDS: Final = 2.0
"""A worker that is there accepts a connection at once; a preview must not hang on one that is not."""

MOST_BYTES: Final = 32 * 1024 * 1024
"""Size of an answer after decompression: the status of 100,000 failed tasks needs some 10 MB, every other answer less than one."""

_CHUNK: Final = 64 * 1024
# zlib's window for gzip and zlib alike, told apart by their first bytes
_EITHER_HEADER: Final = 47


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        method: HTTP method.
        server: Address of the server.
        path: Path and query, from the first slash.
        body: JSON to send; None for none.
        login: User and password; None for none.
        seconds: Time limit of the whole exchange, from the look-up of the name to the last byte.
        proxied: True to use the proxies of the environment.
    """

    method: str
    server: str
    path: str
    body: object
    login: tuple[str, str] | None
    seconds: float
    proxied: bool

    @property
    def url(self) -> str:
        """Whole address."""
        return self.server + self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status: HTTP status.
        kind: Content type.
        location: Target of a redirect.
        body: Content, decompressed.
    """

    status: int
    kind: str
    location: str
    body: bytes


def exchange(request: Request) -> Answer:
    """Send a request and return the answer, whatever its status.

    Raises:
        AwayError: If nothing answered.
        NotNowError: If the answer broke off or did not end in time.
        ForeignError: If the answer is not HTTP, or too large.
    """
    hold = Hold(time.monotonic() + request.seconds)
    try:
        return within(request.seconds, lambda: _exchanged(request, hold))
    except OverdueError:
        hold.end()
        raise _overdue(request, hold) from None
    except (AwayError, NotNowError, ForeignError):
        raise
    except requests.exceptions.SSLError as error:
        message = f"{request.server}: no TLS connection ({_reason(error)})"
        raise NotNowError(message) from None
    except requests.exceptions.InvalidURL:
        message = f"{request.server} is not an address; check the provider's url"
        raise ForeignError(message) from None
    except (requests.RequestException, HTTPError, OSError, http.client.HTTPException, zlib.error) as error:
        raise _broken(request, hold, error) from None
    except Exception as error:  # noqa: BLE001 - four libraries read what a stranger may send
        message = (
            f"{request.method} {request.url} was answered by something that is not HTTP ({type(error).__name__}); check the provider's url"
        )
        raise ForeignError(message) from None


def _exchanged(request: Request, hold: Hold) -> Answer:
    with Session() as session, closing(hold):
        session.trust_env = request.proxied
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter(hold))
        answer = session.request(
            request.method,
            request.url,
            json=request.body,
            auth=request.login,
            headers={"Accept-Encoding": "gzip"},
            timeout=(min(CONNECT_SECONDS, request.seconds), request.seconds),
            allow_redirects=False,
            stream=True,
        )
        with closing(answer):
            hold.begun = True
            headers = answer.headers
            return Answer(answer.status_code, headers.get("Content-Type", ""), headers.get("Location", ""), _body(request, answer))


def _body(request: Request, answer: requests.Response) -> bytes:
    """Read the body, as much of it as `MOST_BYTES` allows packed and unpacked."""
    unpacked, taken = bytearray(), 0
    unpack = _unpacker(request, answer.headers.get("Content-Encoding", ""))
    while chunk := answer.raw.read(_CHUNK, decode_content=False):
        taken += len(chunk)
        unpacked += unpack(chunk, MOST_BYTES + 1 - len(unpacked))
        if max(taken, len(unpacked)) > MOST_BYTES:
            message = (
                f"{request.method} {request.url} was answered by HTTP {answer.status_code} with more than {MOST_BYTES // 1024**2} MiB, "
                "which no answer of Kafka Connect has; check the provider's url"
            )
            raise ForeignError(message)
    return bytes(unpacked)


def _unpacker(request: Request, encoding: str) -> Callable[[bytes, int], bytes]:
    """Return a function that unpacks a chunk to at most so many bytes."""
    named = encoding.strip().lower()
    if named in ("", "identity"):
        return lambda chunk, _most: chunk
    if named not in ("gzip", "x-gzip", "deflate"):
        message = f"{request.method} {request.url} was answered in the encoding {encoding[:40]!r}, which was not asked for"
        raise ForeignError(message)
    packed = zlib.decompressobj(_EITHER_HEADER)
    # what follows the end would be collected by zlib, chunk after chunk
    return lambda chunk, most: b"" if packed.eof else packed.decompress(chunk, most)


def _overdue(request: Request, hold: Hold) -> NotNowError:
    if hold.begun:
        return NotNowError(f"{request.url} began to answer and did not end within {request.seconds:.0f} s")
    why = "it accepted the request and never answered" if hold.sockets else "timed out"
    return AwayError(f"no answer from {request.server} within {request.seconds:.0f} s ({why})")


def _broken(request: Request, hold: Hold, error: Exception) -> Exception:
    """Return the error to raise for an exchange that ended early."""
    if hold.begun:
        return NotNowError(f"{request.url} broke off its answer ({type(error).__name__})")
    if isinstance(error, requests.ConnectionError) and _is_gibberish(error):
        return _gibberish(request, "no status")
    return AwayError(f"no answer from {request.server} ({_reason(error)})")


def _gibberish(request: Request, why: str) -> ForeignError:
    return ForeignError(f"{request.method} {request.url} was answered by something that is not HTTP ({why}); check the provider's url")


def _is_gibberish(error: BaseException) -> bool:
    """Tell whether bytes arrived that are no answer of HTTP; a closed connection is none."""
    parts = [error, *(part for part in error.args if isinstance(part, BaseException))]
    parts += [part for inner in parts[1:] for part in inner.args if isinstance(part, BaseException)]
    return any(isinstance(part, http.client.HTTPException) and not isinstance(part, http.client.RemoteDisconnected) for part in parts)


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, meaning in (
        ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted here"),
        ("WRONG_VERSION_NUMBER", "what answers speaks no TLS"),
        ("refused", "connection refused"),
        ("Name or service not known", "no such host"),
        ("Failed to resolve", "no such host"),
        ("Read timed out", "it accepted the request and never answered"),
        ("timed out", "timed out"),
        ("reset by peer", "connection reset"),
        ("Remote end closed", "connection closed"),
    ):
        if sign in text:
            return meaning
    return type(error).__name__
