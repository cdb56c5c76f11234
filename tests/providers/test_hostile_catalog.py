"""A catalog or an object store that is silent, slow or something else: every operation ends in time with a clean error."""

from __future__ import annotations

import json
import socketserver
import struct
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from providers.iceberg import catalog, provider
from providers.iceberg.table import TableOperations
from providers.operations import CancelledError, ProviderError
from providers.unreachable import UnreachableError
from tests.providers.hostile_server import BROKEN, LARGE, UNENDING, hostile, http, measured, saying

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

TABLE: dict[str, Any] = {
    "namespace": "cdc",
    "name": "orders",
    "columns": [{"name": "id", "type": "int", "required": True}],
    "deleteOnDestroy": True,
}
PARAMETERS = (b"client_encoding\0UTF8\0", b"server_version\0" + b"17.0\0", b"standard_conforming_strings\0on\0", b"DateStyle\0ISO\0")
AUTHENTICATED = b"".join(
    [
        b"R" + struct.pack("!ii", 8, 0),
        *(b"S" + struct.pack("!i", 4 + len(parameter)) + parameter for parameter in PARAMETERS),
        b"Z" + struct.pack("!i", 5) + b"I",
    ]
)


@contextmanager
def database(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Serve a stand-in for PostgreSQL that refuses TLS, reads the start and then behaves as told; yield its address."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                if self.request.recv(8)[4:] == struct.pack("!i", 80877103):
                    self.request.sendall(b"N")
                self.request.recv(10_000)
                behave(self.request, ended)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"postgresql://127.0.0.1:{server.server_address[1]}/c"
        finally:
            ended.set()
            server.shutdown()


def silent(_sock: socket.socket, ended: threading.Event) -> None:
    """Accept and say nothing."""
    ended.wait(60)


def silent_after_login(sock: socket.socket, ended: threading.Event) -> None:
    """Log everybody in and answer no query."""
    sock.sendall(AUTHENTICATED)
    ended.wait(60)


def dripping_after_login(sock: socket.socket, ended: threading.Event) -> None:
    """Log everybody in and answer one byte at a time, of a message of a gigabyte."""
    sock.sendall(AUTHENTICATED + b"D" + struct.pack("!i", 2**30))
    while not ended.is_set():
        sock.sendall(b"x")
        ended.wait(0.02)


def garbage(sock: socket.socket, _ended: threading.Event) -> None:
    """Answer with another protocol."""
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)


def garbage_after_login(sock: socket.socket, _ended: threading.Event) -> None:
    """Log everybody in and answer with bytes that are no message."""
    sock.sendall(AUTHENTICATED + bytes(range(256)) * 8)


def tables(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, seconds: float = 1.0) -> TableOperations:
    """Return the operations on tables of a catalog, with short limits."""
    monkeypatch.setattr(catalog, "_GLUE_READ_SECONDS", 0.2)
    monkeypatch.setattr(catalog, "_GLUE_ATTEMPTS", 1)
    cancelled = threading.Event()
    catalogs = catalog.Catalogs({"catalogName": "a", "warehouse": "s3://b/w", **config}, cancelled, seconds=0.1)
    run = catalogs.run
    monkeypatch.setattr(catalog.Catalogs, "run", lambda _self, subject, work, _seconds=0.0: run(subject, work, seconds))
    return TableOperations(catalogs, cancelled)


def acts(operations: TableOperations) -> list[Callable[[], Any]]:
    """Return every operation that asks the catalog."""
    return [
        partial(operations.create, TABLE),
        partial(operations.read, "cdc.orders", TABLE),
        partial(operations.update, "cdc.orders", TABLE, TABLE),
        partial(operations.delete, "cdc.orders", TABLE),
    ]


def assert_clean(error: object) -> None:
    """Assert that an error is the provider's own, bounded and printable, without the password."""
    text = str(error)
    assert isinstance(error, ProviderError), repr(error)
    assert all(char.isprintable() for char in text), text
    assert "cdc.orders: " in text
    assert len(text) < 2000
    assert "hunter2" not in text


@pytest.mark.parametrize("behave", [silent, silent_after_login, dripping_after_login, garbage, garbage_after_login])
@pytest.mark.adversary("scans")
def test_a_database_that_is_none_or_never_answers(behave: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    with database(behave) as uri:
        operations = tables({"catalogType": "sql", "uri": uri, "username": "u", "password": "hunter2"}, monkeypatch)
        for act in acts(operations):
            seconds, error = measured(act)
            assert_clean(error)
            assert seconds < 4


def test_a_database_that_was_given_up_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is ended, so that the next operation is not held up by the last one."""
    with database(silent_after_login) as uri:
        operations = tables({"catalogType": "sql", "uri": uri, "username": "u", "password": "hunter2"}, monkeypatch)
        measured(acts(operations)[0])
        for thread in threading.enumerate():
            if thread.name.endswith("(run)"):
                thread.join(3)
                assert not thread.is_alive()


@pytest.mark.parametrize("behaviour", [*UNENDING, *LARGE, *BROKEN])
@pytest.mark.adversary("scans")
def test_glue_that_is_none_or_never_ends(behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile({**UNENDING, **LARGE, **BROKEN}[behaviour]) as url:
        keys = {"region": "eu-central-1", "accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "hunter2"}
        operations = tables({"catalogType": "glue", "endpoint": url, **keys}, monkeypatch)
        seconds, error = measured(acts(operations)[1])
        assert_clean(error)
        assert seconds < 6


CODES = (200, 204, 301, 307, 400, 401, 403, 404, 405, 429, 500, 503)
BODIES = (b"", b"null", b"[]", b"<html>no</html>", b'{"Table": null}', b'{"Table": {}}', b'{"__type": null}', b"7")


@pytest.mark.parametrize(("code", "body"), [(code, BODIES[(n + m) % len(BODIES)]) for n, code in enumerate(CODES) for m in (0, 3, 5)])
@pytest.mark.adversary("inputs")
def test_no_answer_of_glue_makes_a_table_gone(code: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its own EntityNotFoundException does."""
    with hostile(saying(http(code, b"" if code == 204 else body))) as url:
        keys = {"region": "eu-central-1", "accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "hunter2"}
        operations = tables({"catalogType": "glue", "endpoint": url, **keys}, monkeypatch)
        assert_clean(measured(acts(operations)[1])[1])


def test_glue_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"region": "eu-central-1", "accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "hunter2"}
    operations = tables({"catalogType": "glue", "endpoint": "http://127.0.0.1:9", **keys}, monkeypatch, seconds=20)
    error = measured(acts(operations)[1])[1]
    assert isinstance(error, UnreachableError), error
    assert "check the endpoint and the region" in str(error)


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>",
        b'{"format-version": 99}',
        b"[" * 100_000,
        b"\xff\xfe",
        json.dumps({"location": None}).encode(),
    ],
)
@pytest.mark.adversary("inputs")
def test_metadata_of_a_table_that_are_none(metadata: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real catalog, whose file in the store is something else."""
    config = {"catalogType": "sql", "uri": f"sqlite:///{tmp_path}/c.db", "warehouse": f"file://{tmp_path}/w"}
    operations = tables(config, monkeypatch, seconds=30)
    operations.create(TABLE)
    for path in (tmp_path / "w").rglob("*.metadata.json"):
        path.write_bytes(metadata)
    for act in acts(operations):
        assert_clean(measured(act)[1])


def test_an_operation_ends_at_once_when_the_engine_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    with database(silent_after_login) as uri:
        operations = tables({"catalogType": "sql", "uri": uri, "username": "u", "password": "hunter2"}, monkeypatch, seconds=30)
        threading.Timer(0.3, operations.cancelled.set).start()
        seconds, error = measured(acts(operations)[1])
    assert isinstance(error, CancelledError), error
    assert seconds < 3


@pytest.mark.parametrize("uri", ["postgresql://[::1", "postgresql://h:99999/d", "postgresql://h:x/d", "postgresql://h:0/d", 7, "", "h"])
def test_an_address_of_a_database_that_is_none_is_refused(uri: object) -> None:
    config = {"catalogType": "sql", "catalogName": "a", "warehouse": "s3://b/w", "uri": uri}
    assert [problem.path for problem in provider.config_problems(config)] == ["uri"]
