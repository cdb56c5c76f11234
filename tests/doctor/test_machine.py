"""Memory, disk and ports of this machine."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pipeline.checks import machine
from pipeline.checks.check import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a port with a listener."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_memory_is_judged_with_both_figures() -> None:
    too_little = machine.memory(int(3.25 * machine.GIB), 6, "the sandbox")
    assert too_little.level is Level.FAILURE
    assert "3.2 GiB of memory are available and the sandbox needs 6" in too_little.found
    assert machine.memory(6 * machine.GIB, 6, "the sandbox").level is Level.FINE


def test_disk_is_judged_with_the_place(tmp_path: Path) -> None:
    too_little = machine.disk(10 * machine.GIB, 17, tmp_path, "the sandbox")
    assert too_little.level is Level.FAILURE
    assert f"10.0 GiB of disk are free under {tmp_path} and the sandbox needs 17" in too_little.found
    assert machine.disk(17 * machine.GIB, 17, tmp_path, "the sandbox").level is Level.FINE


def test_available_memory_is_read_in_bytes() -> None:
    """As the kernel reports it; between 16 MiB and 64 TiB on any machine that runs this."""
    assert 2**24 < machine.available_memory() < 2**46


def test_a_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert machine.first_existing(tmp_path / "a" / "b") == tmp_path
    assert machine.first_existing(tmp_path) == tmp_path
    assert machine.free_disk(tmp_path / "a") > 0


def test_a_port_closed_a_moment_ago_is_free() -> None:
    """A closed connection lingers for a minute and must not block the next run."""
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
    assert machine.taken_ports([port]) == set()


def test_looking_at_a_port_does_not_take_it(taken: int) -> None:
    assert machine.taken_ports([taken]) == machine.taken_ports([taken]) == {taken}


def test_a_taken_port_is_named_with_the_way_to_find_its_owner_and_the_setting() -> None:
    found = machine.port_taken(5432, "dev")
    assert found.level is Level.FAILURE
    assert "port 5432 on 127.0.0.1 is taken by another program" in found.found
    for part in ("ss -ltnp sport = :5432", "lsof -nP -iTCP:5432", "Pulumi.dev.yaml"):
        assert part in found.cure
