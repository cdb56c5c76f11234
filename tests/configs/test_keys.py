"""The tables of keys: required and forbidden entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.keys import KINDS, classes, own, source, table

if TYPE_CHECKING:
    from stack.configs.keys import Kind

TABLES = {
    "debezium-postgres": (150, "debezium-connector-postgres:3.7"),
    "connect-source": (24, "connect-runtime:4.3"),
    "connect-sink": (24, "connect-runtime:4.3"),
    "connect-worker": (130, "connect-runtime:4.3"),
    "iceberg-sink": (21, "iceberg-kafka-connect:1.12"),
    "avro-converter": (50, "kafka-connect-avro-converter:"),
    "json-converter": (6, "connect-json:4.3"),
    "kafka-broker": (350, "kafka_2.13:4.3"),
    "kafka-topic": (30, "kafka-storage:4.3"),
    "kafka-producer": (100, "kafka-clients:4.3"),
    "kafka-consumer": (100, "kafka-clients:4.3"),
    "kafka-admin": (80, "kafka-clients:4.3"),
    "s3-sink": (70, "hand-made from the public sources of kafka-connect-storage-cloud 12.1"),
    "postgresql": (370, "postgresql:17"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_it_was_taken_from_and_is_whole(name: str) -> None:
    least, taken_from = TABLES[name]
    assert len(table(name)) >= least
    assert source(name).startswith(taken_from)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *[
            ("debezium-postgres", key)
            for key in (
                "lsn.flush.mode",
                "poll.interval.ms",
                "heartbeat.action.query",
                "offset.mismatch.strategy",
                "publication.autocreate.mode",
                "max.queue.size.in.bytes",
                "topic.heartbeat.prefix",
                "read.only",
                "signal.kafka.topic",
                "notification.sink.topic.name",
                "slot.drop.on.stop",
            )
        ],
        ("connect-source", "exactly.once.support"),
        ("connect-sink", "errors.deadletterqueue.topic.name"),
        ("connect-worker", "exactly.once.source.support"),
        ("kafka-broker", "transaction.state.log.min.isr"),
        ("kafka-topic", "min.insync.replicas"),
        ("iceberg-sink", "iceberg.tables.route-field"),
        ("s3-sink", "s3.part.retries"),
        ("s3-sink", "rotate.schedule.interval.ms"),
        ("postgresql", "max_slot_wal_keep_size"),
    ],
)
def test_the_tables_contain_the_keys_that_decide_over_rows(name: str, key: str) -> None:
    assert key in table(name)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("connect-source", "errors.deadletterqueue.topic.name"),
        ("debezium-postgres", "database.server.name"),
        ("debezium-postgres", "include.schema.changes"),
        ("s3-sink", "parquet.block.size"),
        ("s3-sink", "s3.max.retries"),
        ("kafka-broker", "zookeeper.connect"),
        ("postgresql", "wal_keep_segments"),
    ],
)
def test_the_tables_contain_no_invalid_keys(name: str, key: str) -> None:
    assert key not in table(name)


def test_transforms_are_kept_by_class() -> None:
    unwrap = classes()["io.debezium.transforms.ExtractNewRecordState"]
    assert unwrap["delete.tombstone.handling.mode"].valid == (
        "delete-to-tombstone",
        "drop",
        "rewrite",
        "rewrite-with-tombstone",
        "tombstone",
    )
    assert "drop.tombstones" not in unwrap
    assert classes()["org.apache.kafka.connect.transforms.InsertField"]["replace.null.with.default"].default == "true"


def test_the_tables_keep_the_softwares_other_facts_about_a_key() -> None:
    assert own("debezium")["database.password"].secret
    assert own("debezium")["snapshot.mode"].valid[0] == "always"
    assert own("debezium")["topic.prefix"].required
    assert own("topic")["segment.bytes"].least == 1048576
    assert own("postgresql")["shared_buffers"].unit == "8kB"
    assert own("postgresql")["wal_level"].context == "postmaster"


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_has_no_default_in_any_table(kind: Kind) -> None:
    assert not [key for key, entry in own(kind).items() if entry.secret and entry.default]
