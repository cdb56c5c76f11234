"""PostgreSQL's server files: they fit the pod, the volume and the clients."""

from __future__ import annotations

import re

import pytest

from stack.capacity.postgres import memory
from stack.capacity.postgres_parameters import parameters
from stack.settings.section import Section
from stack.settings.source import SourceSettings
from stack.specification.source import postgres
from stack.specification.source.postgres import hba_conf, server_conf, server_parameters
from tests.declared import Declared, containers

UNITS = {"kB": 1 / 1024, "MB": 1, "GB": 1024}


def mebibytes(value: str) -> float:
    """Return a size of PostgreSQL's in MiB."""
    found = re.fullmatch(r"(\d+)(kB|MB|GB)", value)
    assert found, value
    return int(found[1]) * UNITS[found[2]]


def needed_mib(settings: SourceSettings) -> float:
    """Return the worst case of the server's memory in MiB, by the model of the policies and the settings."""
    return memory(parameters({}, server_conf(server_parameters(settings)))).needed / 2**20


def test_the_worst_case_of_the_servers_memory_fits_its_pod() -> None:
    settings = SourceSettings()
    assert needed_mib(settings) <= settings.memory_mib


def test_each_further_connection_counts_with_its_work_mem() -> None:
    """One connection takes 3 MiB and ``work_mem``; with two more than the default the server no longer fits its pod."""
    settings = SourceSettings()
    more = settings.model_copy(update={"max_connections": settings.max_connections + 2})
    of_two = needed_mib(more) - needed_mib(settings)
    assert 0 < of_two - 2 * (3 + mebibytes(server_parameters(settings)["work_mem"])) < 1  # the rest is shared memory
    assert needed_mib(more) > settings.memory_mib


def test_replication_is_logical_and_its_backlog_is_capped() -> None:
    """Without the cap a stopped connector fills the volume and stops the database."""
    settings = SourceSettings(slot_wal_keep_mib=777)
    conf = server_parameters(settings)
    assert conf["wal_level"] == "logical"
    assert mebibytes(conf["max_slot_wal_keep_size"]) == 777
    assert int(conf["max_wal_senders"]) > int(conf["max_replication_slots"]) >= 2
    assert int(conf["max_connections"]) > int(conf["max_wal_senders"])


@pytest.mark.parametrize(
    ("field", "value", "key", "text"),
    [
        ("shared_buffers_mib", 96, "shared_buffers", "96MB"),
        ("max_connections", 77, "max_connections", "77"),
        ("memory_mib", 1024, "effective_cache_size", "512MB"),
    ],
)
def test_settings_reach_the_server(field: str, value: int, key: str, text: str) -> None:
    assert f"\n{key} = {text}\n" in server_conf(server_parameters(SourceSettings(**{field: value})))


def test_connections_from_outside_the_pod_need_tls_and_a_password() -> None:
    rules = [line.split() for line in hba_conf().splitlines()]
    for kind, *_, method in rules:
        assert (kind, method) in {("local", "peer"), ("hostssl", "scram-sha-256")}
    assert {rule[3] for rule in rules if rule[0] == "hostssl"} == {"0.0.0.0/0", "::/0"}
    assert server_parameters(SourceSettings())["password_encryption"] == "scram-sha-256"
    assert server_parameters(SourceSettings())["ssl"] == "on"


def test_the_server_reads_files_that_are_mounted() -> None:
    declared = Declared.of("dev")
    conf = server_parameters(declared.settings.source)
    secret = declared.secret("postgresql-tls")
    places = {mount["mountPath"]: mount["name"] for mount in containers(declared.pods["postgresql"])[-1]["volumeMounts"]}
    for key in ("ssl_cert_file", "ssl_key_file"):
        folder, _, name = conf[key].strip("'").rpartition("/")
        assert places[folder] == "tls"
        assert name in secret
    folder, _, name = conf["hba_file"].strip("'").rpartition("/")
    assert folder in places
    assert name in declared.files("postgresql-config")
    assert conf["unix_socket_directories"].strip("'") in places


def test_the_key_of_the_server_is_readable_by_its_group_only() -> None:
    """PostgreSQL refuses to start with a key that other users can read."""
    volumes = {volume["name"]: volume for volume in Declared.of("dev").pods["postgresql"]["spec"]["volumes"]}
    assert volumes["tls"]["secret"]["defaultMode"] & 0o007 == 0


def test_the_data_folder_is_a_subfolder_of_the_volume() -> None:
    """The volume's own folder may contain lost+found, and its permissions are not those that PostgreSQL requires."""
    assert postgres.DATA.startswith(f"{postgres.VOLUME}/")


def test_sizes_are_settings_of_a_section() -> None:
    assert issubclass(SourceSettings, Section)
    with pytest.raises(ValueError, match=r"max_connections|maxConnections"):
        SourceSettings(max_connections=5)
