"""A pooler in front of the database: recognised by its refusal of the session's settings, or by their absence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.check import Level
from pipeline.existing_database import catalogue, server_rules
from pipeline.existing_database.facts import Database
from tests.existing_database.server import free_port
from tests.existing_database.test_doctor import findings, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.conftest import Existing

_PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CONFIGURED = """\
[databases]
* = host={socket} port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
client_tls_sslmode = require
client_tls_cert_file = {folder}/tls/etcd.crt
client_tls_key_file = {folder}/tls/etcd.key
ignore_startup_parameters = extra_float_digits{ignored}
"""


@contextmanager
def pooler(existing: Existing, ignored: str) -> Iterator[int]:
    """Run PgBouncer in front of the server and yield its port."""
    if _PROGRAM is None:
        pytest.skip("no PgBouncer is installed (apt-get install pgbouncer)")
    server, port = existing.server, free_port()
    if server.root is not None:
        pytest.skip("PgBouncer reaches only the socket of a server outside chroot")
    path = server.folder / f"pgbouncer-{port}.ini"
    path.write_text(_CONFIGURED.format(socket=server.inside, server=server.port, port=port, folder=server.folder, ignored=ignored), "utf-8")
    path.chmod(0o644)
    as_user: dict[str, Any] = {} if os.geteuid() else {"user": server.user, "group": server.user, "extra_groups": []}
    with subprocess.Popen([_PROGRAM, "--quiet", str(path)], cwd="/", stderr=subprocess.DEVNULL, **as_user) as running:
        try:
            _until_it_listens(port)
            yield port
        finally:
            running.terminate()


def _until_it_listens(port: int) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < limit, "PgBouncer does not listen"
            time.sleep(0.05)


@pytest.mark.parametrize("ignored", ["", ", options"], ids=["refuses the settings", "drops the settings"])
def test_a_pooler_is_recognised(existing: Existing, ignored: str) -> None:
    with pooler(existing, ignored) as port:
        seen = refused(existing.expecting(port=port))
        assert "a pooler such as PgBouncer answers, and logical replication needs the server itself" in seen.why
        assert "source.external.host and source.external.port" in seen.cure
        assert findings(existing.expecting(port=port))["login"].level is Level.FAILURE


def test_a_proxy_that_keeps_the_settings_is_named(existing: Existing) -> None:
    seen = catalogue.look(existing.target)
    assert isinstance(seen, Database)
    assert server_rules.reached(seen, existing.target).level is Level.FINE
    found = server_rules.reached(replace(seen, server=replace(seen.server, proxied=True)), existing.target)
    assert found.level is Level.WARNING
    assert "a proxy answers in the place of the server" in found.found


@pytest.mark.parametrize(("seconds", "level"), [(None, Level.FINE), (0, Level.FINE), (3600, Level.WARNING), (259_200, Level.FINE)])
def test_a_limit_of_idle_slots_is_read_where_the_server_has_one(existing: Existing, seconds: int | None, level: Level) -> None:
    """As PostgreSQL 18 has: an older one has no such parameter."""
    seen = catalogue.look(existing.target)
    assert isinstance(seen, Database)
    limit = {} if seconds is None else {"idle_replication_slot_timeout": str(seconds)}
    found = server_rules.idle_slots(replace(seen, server=replace(seen.server, settings={**seen.server.settings, **limit})), existing.target)
    assert found.level is level
    assert ("SET idle_replication_slot_timeout = '259200s'" in found.cure) == (level is Level.WARNING)
