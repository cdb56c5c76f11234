"""Ends of certificates, as a real server shows them."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from pipeline.status import certificates
from stack.specification import logs
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.server import Server


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return a server that logs as the product's does."""
    with servers.running(request.param) as running:
        running.configure("".join(f"{key} = {value}\n" for key, value in logs.postgresql(logs.USUAL_LOGS).items()))
        yield running


def test_the_end_is_that_of_the_servers_own_certificate(server: Server) -> None:
    shown = certificates.shown_by("127.0.0.1", server.port)
    assert shown == x509.load_pem_x509_certificate((server.folder / "tls" / "etcd.crt").read_bytes())
    assert certificates.ends(shown) > time.time()


def test_a_look_leaves_no_line_in_the_log_of_the_database(server: Server) -> None:
    log = server.folder / "log"
    before = log.stat().st_size
    for _ in range(3):
        certificates.shown_by("127.0.0.1", server.port)
    time.sleep(1)
    assert log.read_text(encoding="utf-8")[before:] == ""


def test_a_server_that_says_no_to_tls_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(certificates.shown_by, "127.0.0.1", listening.getsockname()[1])
        client, _ = listening.accept()
        with client:
            client.recv(8)
            client.sendall(b"N")
            with pytest.raises(certificates.NoCertificateError, match="does not speak TLS"):
                asked.result(10)
