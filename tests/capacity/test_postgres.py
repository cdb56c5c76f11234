"""Memory and disk of a PostgreSQL server, from its file and its command line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.postgres import disk_bytes, memory, size
from stack.capacity.postgres_parameters import ParameterError, config_file, is_postgres, parameters
from stack.settings.source import SourceSettings
from stack.specification.source.postgres import server_conf, server_parameters
from stack.unknown import UNKNOWN

MIB = 2**20

SIZES = [
    ("shared_buffers", "128MB", 128 * MIB),
    ("shared_buffers", "1GB", 1024 * MIB),
    ("shared_buffers", "16384", 128 * MIB),
    ("work_mem", "4096", 4 * MIB),
    ("work_mem", "512kB", MIB // 2),
    ("max_wal_size", "1024", 1024 * MIB),
    ("max_wal_size", "1.5GB", 1536 * MIB),
    ("max_slot_wal_keep_size", "-1", -1),
    ("wal_buffers", "-1", -1),
    ("wal_buffers", "1024", 8 * MIB),
]


@pytest.mark.parametrize(("name", "text", "expected"), SIZES)
def test_a_size_is_read_as_postgresql_reads_it(name: str, text: str, expected: int) -> None:
    assert size({name: text}, name) == expected


@pytest.mark.parametrize("text", ["128 megabytes", "128mb", "128Mi", "lots", ""])
def test_a_size_that_postgresql_refuses_is_an_error(text: str) -> None:
    with pytest.raises(ParameterError, match="is not a size that PostgreSQL accepts"):
        memory({"shared_buffers": text})


def test_parameters_come_from_the_file_and_over_it_from_the_command_line() -> None:
    file = "# a comment\nshared_buffers = 64MB  # why\nwork_mem=2MB\nlisten_addresses = '*'\nmax_connections 20\nwork_mem = 3MB\n"
    command: dict[str, Any] = {"command": ["postgres", "-c", "shared_buffers=256MB", "-cmax_wal_size=2GB", "--wal-buffers=4MB"]}
    assert parameters(command, file) == {
        "shared_buffers": "256MB",
        "work_mem": "3MB",
        "listen_addresses": "*",
        "max_connections": "20",
        "max_wal_size": "2GB",
        "wal_buffers": "4MB",
    }


def test_a_file_that_is_not_known_at_preview_is_an_error() -> None:
    with pytest.raises(ParameterError, match="not known at preview"):
        parameters({}, UNKNOWN)


def test_the_servers_own_file_is_read_to_the_letter() -> None:
    read = parameters({}, server_conf(server_parameters(SourceSettings())))
    assert {key: read[key] for key in ("shared_buffers", "autovacuum_max_workers", "wal_level", "ssl_min_protocol_version")} == {
        "shared_buffers": "128MB",
        "autovacuum_max_workers": "2",
        "wal_level": "logical",
        "ssl_min_protocol_version": "TLSv1.2",
    }


@pytest.mark.parametrize(
    ("container", "runs", "file"),
    [
        ({"image": "postgres:17"}, True, None),
        ({"image": "docker.io/library/postgres:17-alpine", "args": ["-c", "config_file=/etc/pg.conf"]}, True, "/etc/pg.conf"),
        ({"image": "x", "command": ["/usr/lib/postgresql/17/bin/postgres", "--config-file=/a/b.conf"]}, True, "/a/b.conf"),
        ({"image": "postgres:17", "command": ["/bin/sh", "bootstrap.sh"]}, False, None),
        ({"image": "registry/postgres-exporter:1", "command": ["exporter"]}, False, None),
    ],
)
def test_a_server_is_distinguished_from_other_uses_of_its_image(container: dict[str, Any], runs: bool, file: str | None) -> None:  # noqa: FBT001 - a table's column
    assert is_postgres(container) == runs
    assert config_file(container) == file


def test_defaults_are_postgresqls_own() -> None:
    made = memory({})
    assert (made.connections, made.maintenance, made.autovacuum) == (100, 64 * MIB, 3 * 64 * MIB)
    assert memory({"shared_buffers": "1GB"}).shared - memory({"shared_buffers": "512MB"}).shared in range(512 * MIB, 530 * MIB)
    assert memory({"wal_buffers": "16MB"}).shared - memory({"wal_buffers": "0"}).shared in range(15 * MIB, 17 * MIB)


@given(slots=st.integers(1, 8), connections=st.integers(1, 500), work=st.integers(1, 64))
def test_every_slot_and_every_connection_counts(slots: int, connections: int, work: int) -> None:
    given = {"max_connections": str(connections), "work_mem": f"{work}MB"}
    made, one_more = memory(given, slots=slots), memory({**given, "max_connections": str(connections + 1)}, slots=slots + 1)
    assert one_more.backends - made.backends > work * MIB
    assert one_more.decoding > made.decoding
    assert made.needed == sum(made.parts().values())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"max_slot_wal_keep_size": "1536MB"}, 2560 * MIB),
        ({"max_slot_wal_keep_size": "1GB", "max_wal_size": "3GB"}, 4096 * MIB),
    ],
)
def test_wal_is_bounded_by_slot_and_checkpoints_or_not_at_all(given: dict[str, str], expected: int | None) -> None:
    assert disk_bytes(given) == expected
