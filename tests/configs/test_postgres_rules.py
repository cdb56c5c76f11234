"""Parameters that break capture or lose committed rows are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from stack.configs.postgres_rules import postgres_problems
from tests.connector_configs import POSTGRES, changed


def test_what_the_program_renders_keeps_every_row() -> None:
    assert postgres_problems(POSTGRES) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("wal_level", "replica", "set logical"),
        ("wal_level", None, "set logical"),
        ("max_replication_slots", "0", "each need a slot"),
        ("max_wal_senders", "1", "each need a sender"),
        ("max_wal_senders", "3", "every slot in use needs a sender"),
        ("max_slot_wal_keep_size", None, "until the volume is full"),
        ("max_slot_wal_keep_size", "-1", "until the volume is full"),
        ("password_encryption", "md5", "set scram-sha-256"),
        ("ssl", "off", "plain text"),
        ("ssl", None, "plain text"),
        ("fsync", "off", "that the archive already has"),
        ("full_page_writes", "off", "torn pages"),
        ("synchronous_commit", "off", "that the archive already has"),
        ("zero_damaged_pages", "on", "would disappear"),
        ("autovacuum", "off", "tables would grow"),
        ("wal_sender_timeout", "0", "hold its slot forever"),
        ("huge_pages", "on", "set try"),
        ("archive_mode", "on", "without a command"),
        ("archive_mode", "always", "without a command"),
        ("logging_collector", "on", "until it is full"),
        ("max_connections", "3", "set more than 3"),
        ("shared_preload_libraries", "'pg_stat_statements,timescaledb'", "does not contain timescaledb"),
    ],
)
def test_each_parameter_that_loses_rows_is_refused(key: str, value: str | None, told: str) -> None:
    problems = postgres_problems(changed(POSTGRES, **{key: value}))
    assert {problem.key for problem in problems} == {key}
    assert told in " ".join(map(str, problems))


@pytest.mark.parametrize(
    ("key", "value"),
    [("fsync", "'true'"), ("synchronous_commit", "remote_write"), ("shared_preload_libraries", "'pg_stat_statements'"), ("SSL", "on")],
)
def test_parameters_that_keep_rows_are_accepted(key: str, value: str) -> None:
    assert postgres_problems(changed(POSTGRES, **{key: value})) == []


HARMFUL = {
    "max_slot_wal_keep_size": ("0", "1MB", "'1024kB'", "63MB"),
    "ssl_ciphers": (
        *(
            "x",
            "'NO-SUCH'",
            "NULL",
            "'eNULL'",
            "'HIGH:aNULL'",
            "ALL",
            "'ALL:!eNULL'",
            "'COMPLEMENTOFALL:HIGH'",
            "'HIGH:!aNULL:@SECLEVEL=0'",
        ),
        *("'ADH-AES256-GCM-SHA384'", "'ECDHE-ECDSA-NULL-SHA:HIGH:!aNULL'"),
    ),
    "superuser_reserved_connections": ("29", "25"),
    "track_counts": ("off", "false"),
    "autovacuum_naptime": ("2147483", "'2d'"),
    "scram_iterations": ("2147483647", "1"),
    "log_statement": ("all", "'mod'"),
    "debug_print_plan": ("on",),
    "debug_print_parse": ("yes",),
    "log_min_messages": ("debug5", "DEBUG1"),
    "log_min_duration_statement": ("0", "'1ms'"),
    "max_replication_slots": ("1", "'0'", "0x0", "0.4"),
    "max_wal_senders": ("'1'", "0x1", "1.4"),
    "max_connections": ("5", "'12'", "0x4"),
    "max_wal_size": ("2", "'16MB'"),
    "min_wal_size": ("'31MB'",),
    "autovacuum_vacuum_scale_factor": ("100", "'1.5'"),
    "autovacuum_vacuum_threshold": ("2147483647",),
    "temp_file_limit": ("0", "1MB"),
    "autovacuum_freeze_max_age": ("2000000000",),
    "default_transaction_read_only": ("on",),
}
HARMLESS = {
    "max_slot_wal_keep_size": ("64MB", "1GB", "512", "'20GB'"),
    "ssl_ciphers": (
        "'HIGH:MEDIUM:+3DES:!aNULL'",
        "'ECDHE-RSA-AES256-GCM-SHA384'",
        "'HIGH:!aNULL'",
        "DEFAULT",
        "'ALL:!aNULL:!eNULL'",
        "'HIGH:!aNULL:@SECLEVEL=2'",
        "''",
    ),
    "superuser_reserved_connections": ("3", "5", "10"),
    "track_counts": ("on",),
    "autovacuum_naptime": ("10s", "1min", "60", "'5min'"),
    "scram_iterations": ("4096", "8192", "15000", "600000"),
    "log_statement": ("none", "'ddl'"),
    "log_duration": ("off", "on"),
    "max_replication_slots": ("2", "'4'", "0x4"),
    "max_connections": ("20", "'0x20'"),
    "max_wal_size": ("1GB", "64"),
    "autovacuum_vacuum_scale_factor": ("0.01", "0.4"),
    "autovacuum_vacuum_threshold": ("500", "10000"),
    "temp_file_limit": ("-1", "1GB"),
    "log_min_messages": ("warning", "info", "'ERROR'"),
    "log_min_duration_statement": ("-1", "100", "500ms", "'1s'"),
}


def test_parameters_that_stop_or_starve_the_server_or_fill_its_log_are_refused() -> None:
    for key, values in HARMFUL.items():
        for value in values:
            assert {problem.key for problem in postgres_problems(changed(POSTGRES, **{key: value}))} == {key}, (key, value)
    for key, values in HARMLESS.items():
        for value in values:
            assert postgres_problems(changed(POSTGRES, **{key: value})) == [], (key, value)
