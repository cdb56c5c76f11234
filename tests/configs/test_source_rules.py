"""Source settings that lose rows are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from stack.configs.source_rules import source_problems
from tests.connector_configs import SOURCE, changed

UNWRAP = "transforms.unwrap."
DROPS = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name IN ({}) AND NOT active"


def test_what_the_program_renders_loses_nothing() -> None:
    assert source_problems(SOURCE) == []


BAD = [
    ("errors.tolerance", "all", "a source has no dead-letter queue"),
    ("errors.tolerance", "ALL", "set none"),
    ("exactly.once.support", "requested", "write rows twice after a crash"),
    ("exactly.once.support", None, "write rows twice after a crash"),
    ("transaction.boundary", "connector", "would be refused at its start"),
    ("offset.mismatch.strategy", "trust_slot", "the gap skipped without an error"),
    ("offset.mismatch.strategy", "trust_greater_lsn", "the gap skipped"),
    ("lsn.flush.mode", "connector_and_driver", "past the stored offset"),
    ("lsn.flush.mode", "manual", "the volume fills"),
    ("snapshot.mode", "when_needed", "miss rows deleted"),
    ("snapshot.mode", "always", "start full snapshots"),
    ("snapshot.mode", "initial_only", "stops afterwards"),
    ("publication.autocreate.mode", None, "which its role may not"),
    ("publication.autocreate.mode", "filtered", "set disabled"),
    ("slot.drop.on.stop", "true", "would drop the slot"),
    ("database.sslmode", None, "would not be verified"),
    ("database.sslmode", "require", "would not be verified"),
    ("plugin.name", None, "set pgoutput"),
    ("plugin.name", "decoderbufs", "set pgoutput"),
    ("tasks.max", "3", "a slot has one reader"),
    ("event.processing.failure.handling.mode", "skip", "the row is lost"),
    ("decimal.handling.mode", "double", "rounds amounts"),
    ("include.unknown.datatypes", None, "would arrive as NULL"),
    ("include.unknown.datatypes", "false", "set true"),
    ("driver.binaryTransfer", None, "in another spelling"),
    ("driver.options", None, "set -c IntervalStyle=iso_8601"),
    ("driver.options", "-c IntervalStyle=postgres", "in another spelling"),
    ("errors.log.include.messages", "true", "written to the log"),
    ("producer.override.acks", "1", "a failing broker"),
    ("producer.override.enable.idempotence", "false", "idempotent producer"),
    ("heartbeat.interval.ms", "0", "until the volume is full"),
    ("heartbeat.interval.ms", None, "until the volume is full"),
    ("heartbeat.action.query", None, "does not advance the slot"),
    ("table.include.list", None, "every table of the database"),
    ("skipped.operations", "d,t", "set none"),
    ("skipped.operations", "D", "deletes (d) would be left out"),
    ("skipped.operations", "t", "rows that a TRUNCATE has removed would stay"),
    ("skipped.operations", None, "set none"),
    ("message.prefix.exclude.list", None, "set .*"),
    ("message.prefix.exclude.list", "app", "has no topic"),
    ("transforms", "unwrap,truncates,names", "before it"),
    ("max.batch.size", "10000", "set max.queue.size to 20000 or more"),
    ("max.batch.size", "0", "set max.batch.size to 1 or more"),
    ("max.batch.size", "-1", "set max.batch.size to 1 or more"),
    ("max.queue.size", "2048", "or max.batch.size below 2048"),
    ("notification.enabled.channels", "log,sink", "a topic that is not declared"),
    ("slot.name", "Debezium-Slot", "lower-case letters"),
    ("database.initial.statements", "DELETE FROM users", "runs statements in the captured database"),
    ("database.initial.statements", DROPS.format("'old'") + "; DELETE FROM users", "runs statements in the captured database"),
    ("database.initial.statements", DROPS.format("'old', 'debezium_slot'"), "would drop the connector's own slot"),
    ("topic.prefix", "my-shop", "part of Avro names"),
    ("transforms", None, "inside an envelope"),
    (f"{UNWRAP}delete.tombstone.handling.mode", None, "the archive would never show the delete"),
    (f"{UNWRAP}delete.tombstone.handling.mode", "drop", "set rewrite"),
    (f"{UNWRAP}replace.null.with.default", None, "where the row has NULL"),
    (f"{UNWRAP}replace.null.with.default", "true", "where the row has NULL"),
    ("database.password", "hunter2", "is a credential in plain text"),
    ("value.converter.basic.auth.user.info", "connect:hunter2", "is a credential in plain text"),
    ("database.sslpassword", "hunter2", "is a credential in plain text"),
]


@pytest.mark.parametrize(("key", "value", "told"), BAD, ids=[f"{key}={value}" for key, value, _ in BAD])
def test_each_way_to_lose_rows_is_refused(key: str, value: str | None, told: str) -> None:
    (problem,) = source_problems(changed(SOURCE, **{key: value}))
    assert problem.key == key
    assert told in str(problem)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("snapshot.mode", "no_data"),
        ("database.initial.statements", DROPS.format("'debezium', 'debezium_slot_epoch2'")),
        ("transaction.boundary", None),
        ("errors.tolerance", None),
        ("database.sslmode", "verify-ca"),
        ("decimal.handling.mode", "string"),
        (f"{UNWRAP}delete.tombstone.handling.mode", "rewrite-with-tombstone"),
        ("lsn.flush.mode", "connector"),
    ],
)
def test_a_safe_choice_is_accepted(key: str, value: str | None) -> None:
    assert source_problems(changed(SOURCE, **{key: value})) == []


def test_a_prefix_with_a_hyphen_is_right_where_names_are_adjusted() -> None:
    assert source_problems(changed(SOURCE, **{"topic.prefix": "my-shop", "schema.name.adjustment.mode": "avro"})) == []


def test_a_source_without_the_images_marks_may_leave_out_truncates() -> None:
    foreign = changed(SOURCE, **{"transforms": "unwrap", "transforms.truncates.type": None, "transforms.names.type": None})
    assert source_problems(changed(foreign, **{"skipped.operations": "t"})) == []
    (problem,) = source_problems(changed(foreign, **{"skipped.operations": "u,t"}))
    assert "remove u from the list" in str(problem)
