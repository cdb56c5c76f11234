"""Names and values of PostgreSQL's parameters, in every spelling that the server takes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from stack.capacity.postgres import memory, shm_bytes, size
from stack.capacity.postgres_parameters import ParameterError, config_file, is_postgres, parameters

MIB = 2**20
NAMES = ("shared_buffers", "SHARED_BUFFERS", "Shared_Buffers", "shared-buffers", "SHARED-BUFFERS")
VALUES = ("8GB", "8192MB", "8388608kB", " 8GB", "8 GB", "8.0GB", "0.0078125TB", "1048576", "0x100000", "04000000", "1.048576e6")
OPTIONS = (("-c", "{}={}"), ("-c{}={}",), ("--{}={}",), ("-F", "-c", "{}={}"), ("-Fc{}={}",), ("-i", "--{}={}"), ("--set", "{}={}"))
PROGRAMS = (
    ("postgres",),
    ("/usr/lib/postgresql/17/bin/postgres", "-D", "/data"),
    ("docker-entrypoint.sh", "postgres"),
    ("gosu", "postgres", "postgres"),
    ("tini", "--", "postgres"),
    ("env", "LC_ALL=C", "postgres"),
)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_spelling_of_a_size_counts(program: tuple[str, ...], option: tuple[str, ...]) -> None:
    for name, value in itertools.product(NAMES, VALUES):
        command = [*program, *(part.format(name, value) for part in option)]
        container: dict[str, Any] = {"image": "i", "command": command}
        assert is_postgres(container), command
        assert size(parameters(container, ""), "shared_buffers") == 8192 * MIB, command


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["-B", "1048576"], "shared_buffers", "1048576"),
        (["-B1048576"], "shared_buffers", "1048576"),
        (["-FB", "1048576"], "shared_buffers", "1048576"),
        (["-N", "5000"], "max_connections", "5000"),
        (["-N5000"], "max_connections", "5000"),
        (["-S", "1048576"], "work_mem", "1048576"),
        (["-S1GB"], "work_mem", "1GB"),
        (["-F"], "fsync", "off"),
        (["-c", "shared_buffers='8GB'"], "shared_buffers", "8GB"),
        (["-c", "shared_buffers=1GB", "--SHARED-BUFFERS=2GB"], "shared_buffers", "2GB"),
    ],
)
def test_short_options_set_parameters_and_the_last_counts(words: list[str], name: str, value: str) -> None:
    container: dict[str, Any] = {"command": ["postgres", *words]}
    assert parameters(container, f"{name} = 1\n")[name] == value
    script = {"command": ["sh", "-c", "exec postgres " + " ".join(f'"{word}"' for word in words)]}
    assert parameters(script, "")[name] == value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("SHARED_BUFFERS = 8GB", "8GB"),
        ("  Shared_Buffers '8GB' # quoted", "8GB"),
        ("shared_buffers=8GB#near", "8GB"),
        ("shared_buffers = 1GB\nSHARED_BUFFERS = 8GB", "8GB"),
    ],
)
def test_files_are_read_in_any_case(line: str, value: str) -> None:
    assert parameters({}, f"# first\n{line}\nlog_min_messages = info\n")["shared_buffers"] == value


@pytest.mark.parametrize("line", ["include 'more.conf'", "INCLUDE_DIR 'conf.d'", "Include_If_Exists = 'x'"])
def test_files_that_include_others_are_an_error(line: str) -> None:
    with pytest.raises(ParameterError, match="includes other files"):
        parameters({}, line)


def test_a_file_may_be_named_in_any_spelling() -> None:
    for word in ("--config-file=/a.conf", "--CONFIG_FILE=/a.conf", "-cconfig-file=/a.conf"):
        assert config_file({"command": ["postgres", word]}) == "/a.conf"


def test_variables_of_images_with_options_count() -> None:
    made = {"image": "postgres:17", "env": [{"name": "POSTGRES_INITDB_ARGS", "value": "--data-checksums -c shared_buffers=8GB"}]}
    assert parameters(made, "")["shared_buffers"] == "8GB"
    made = {"image": "bitnami/postgresql:17", "env": [{"name": "POSTGRESQL_EXTRA_FLAGS", "value": "-c max_connections=900"}]}
    assert parameters(made, "")["max_connections"] == "900"


# a value that adds at least this many MiB to a server with PostgreSQL's defaults
COSTS = {
    "multixact_member_buffers": ("1GB", 1024),
    "multixact_offset_buffers": ("1GB", 1024),
    "transaction_buffers": ("512MB", 1000),
    "subtransaction_buffers": ("1GB", 1024),
    "commit_timestamp_buffers": ("1GB", 1024),
    "notify_buffers": ("1GB", 1024),
    "serializable_buffers": ("1GB", 1024),
    "max_prepared_transactions": ("20000", 900),
    "max_locks_per_transaction": ("10000", 400),
    "max_pred_locks_per_transaction": ("10000", 250),
    "max_worker_processes": ("5000", 200),
    "max_wal_senders": ("5000", 200),
    "autovacuum_max_workers": ("50", 3000),
    "max_replication_slots": ("200000", 60),
    "max_logical_replication_workers": ("200000", 20),
    "track_activity_query_size": ("1MB", 120),
    "min_dynamic_shared_memory": ("1GB", 1024),
    "wal_decode_buffer_size": ("512MB", 500),
    "temp_buffers": ("64MB", 5000),
    "max_stack_depth": ("7MB", 500),
    "hash_mem_multiplier": ("8", 1000),
    "max_parallel_workers_per_gather": ("4", 50),
    "max_parallel_workers": ("64", 50),
    "logical_decoding_work_mem": ("1GB", 900),
    "maintenance_work_mem": ("1GB", 3000),
    "autovacuum_work_mem": ("1GB", 2000),
    "wal_buffers": ("1GB", 1000),
    "logging_collector": ("on", 4),
}


@pytest.mark.parametrize("name", COSTS)
def test_every_parameter_that_allocates_counts(name: str) -> None:
    value, least = COSTS[name]
    assert memory({name: value}).needed - memory({}).needed >= least * MIB


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"transaction_buffers": "5000"}, "multiple of 16"),
        ({"max_stack_depth": "8MB"}, "would not start"),
        ({"max_connections": "300000"}, "outside the range"),
        ({"shared_buffers": "64kB"}, "outside the range"),
        ({"max_prepared_transactions": "many"}, "is not a whole number"),
        ({"max_prepared_transactions": "9" * 5000}, "is not a whole number"),
        ({"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "٣"}, "is not a whole number"),
    ],
)
def test_a_value_with_which_the_server_does_not_start_is_an_error(given: dict[str, str], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        memory(given)


def test_a_parallel_hash_join_needs_room_in_shared_memory() -> None:
    asked = {"max_parallel_workers_per_gather": "4", "work_mem": "8MB"}
    assert shm_bytes(asked) == 80 * MIB
    assert shm_bytes({**asked, "dynamic_shared_memory_type": "mmap"}) == 0
    assert shm_bytes({**asked, "max_parallel_workers": "0"}) == 0
    assert shm_bytes({"work_mem": "8MB"}) == 0
