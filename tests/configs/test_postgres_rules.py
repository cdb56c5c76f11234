"""Parameters that break capture or lose committed rows are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from configs.postgres_rules import postgres_problems
from tests.connector_configs import POSTGRES, changed


def test_what_the_program_renders_keeps_every_row() -> None:
    assert postgres_problems(POSTGRES) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("wal_level", "replica", "set logical"),
        ("wal_level", None, "set logical"),
        ("max_replication_slots", "0", "needs a slot"),
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
