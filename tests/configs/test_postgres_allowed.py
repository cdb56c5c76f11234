"""Further parameters of the program's own server: each of PostgreSQL's is known as harmless, or refused with a reason."""

from __future__ import annotations

import re

import pytest

from stack.configs.keys import own
from stack.configs.postgres_allowed import ALLOWED, parameter_problems
from stack.configs.postgres_withheld import VALUES, WITHHELD
from stack.configs.spelling import spelling_problems

SETTABLE = sorted(name.lower() for name, key in own("postgresql").items() if key.context != "internal")
WITHHELD_NAMES = {name for kind in WITHHELD for name in kind.names}

# pgtune's answer for a server of 4 GB, and what other guides add
GUIDE = {
    "effective_cache_size": "3GB",
    "maintenance_work_mem": "256MB",
    "checkpoint_completion_target": "0.9",
    "wal_buffers": "16MB",
    "default_statistics_target": "100",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "200",
    "work_mem": "5242kB",
    "huge_pages": "off",
    "min_wal_size": "1GB",
    "max_wal_size": "4GB",
    "log_duration": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_temp_files": "0",
    "log_autovacuum_min_duration": "0",
    "log_checkpoints": "on",
    "log_recovery_conflict_waits": "on",
    "log_replication_commands": "on",
    "log_error_verbosity": "default",
    "log_hostname": "off",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "2",
    "max_parallel_workers": "4",
    "max_parallel_maintenance_workers": "2",
    "shared_preload_libraries": "'pg_stat_statements'",
    "pg_stat_statements.track": "all",
    "log_min_duration_statement": "500ms",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "log_lock_waits": "on",
    "log_statement": "'ddl'",
    "idle_in_transaction_session_timeout": "10min",
    "statement_timeout": "5min",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_naptime": "30s",
    "track_io_timing": "on",
    "jit": "off",
    "timezone": "'Europe/Berlin'",
    "tcp_keepalives_idle": "60",
    "archive_mode": "off",
    "synchronous_standby_names": "''",
    "hot_standby": "on",
    "lc_messages": "'C.UTF-8'",
    "scram_iterations": "8192",
}


def test_each_parameter_of_the_server_is_in_exactly_one_list() -> None:
    kinds = {name: [kind.reason for kind in ALLOWED if any(re.fullmatch(text, name) for text in kind.names)] for name in SETTABLE}
    assert {name: found for name, found in kinds.items() if len(found) + (name in WITHHELD_NAMES) != 1} == {}
    assert set(SETTABLE) >= WITHHELD_NAMES
    assert {rule.key for rule in VALUES} <= set(SETTABLE) - WITHHELD_NAMES


def test_what_tuning_guides_set_is_accepted() -> None:
    assert spelling_problems("postgresql", GUIDE) == []
    assert parameter_problems(GUIDE) == []


@pytest.mark.parametrize("name", sorted(WITHHELD_NAMES))
def test_each_withheld_parameter_is_refused_with_reason_and_cure(name: str) -> None:
    (refused,) = parameter_problems({name.upper(): "'x'"})
    assert refused.key == name
    assert refused.cure.startswith("remove it")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("synchronous_standby_names", "'*'", "every commit would wait"),
        ("archive_mode", "on", "set off"),
        ("archive_mode", "always", "set off"),
        ("log_destination", "syslog", "set stderr"),
        ("timezone", "'Nowhere'", "the name of a time zone"),
        ("datestyle", "'German'", "ISO style"),
        ("search_path", "'private'", "in public"),
        ("session_preload_libraries", "'timescaledb'", "does not contain timescaledb"),
        ("lc_time", "'de_DE.UTF-8'", "C.UTF-8"),
        ("session_replication_role", "replica", "set origin"),
        ("bytea_output", "escape", "set hex"),
        ("default_transaction_read_only", "on", "set off"),
        ("new_in_a_later_version", "1", "known to be harmless"),
    ],
)
def test_a_value_that_stops_or_changes_what_is_captured_is_refused(name: str, value: str, told: str) -> None:
    (refused,) = parameter_problems({name: value})
    assert (refused.key, told in str(refused)) == (name, True), str(refused)
