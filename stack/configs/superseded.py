"""Keys that were renamed or removed, or that belong to another product, each with its version and replacement.

Connect and Debezium silently ignore all of them. Versions are those of Debezium, of the S3 sink, of Kafka and of PostgreSQL, from
their release notes and from the tables of the versions used here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.classes import UNWRAP
from stack.configs.problems import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stack.configs.keys import Kind


@dataclass(frozen=True, slots=True)
class Superseded:
    """One key without any effect.

    Attributes:
        key: Name of the key, or a regular expression for it.
        since: Reason or version, as a phrase that follows the key.
        cure: Replacement.
    """

    key: str
    since: str
    cure: str


_SINK_RETRIES = "write s3.part.retries"
_UNWRAP_DELETES = "write delete.tombstone.handling.mode (rewrite keeps deleted rows)"

_DEBEZIUM = (
    Superseded("database.server.name", "was replaced in Debezium 2.0", "write topic.prefix"),
    Superseded("heartbeat.topics.prefix", "is defined, but nothing reads it since Debezium 2.0", "write topic.heartbeat.prefix"),
    Superseded("flush.lsn.source", "is deprecated since Debezium 3.4", "write lsn.flush.mode (connector, manual, connector_and_driver)"),
    Superseded(r"(schema|database)\.(white|black)list", "was renamed in Debezium 1.3", "write schema.include.list or schema.exclude.list"),
    Superseded(r"table\.(white|black)list", "was renamed in Debezium 1.3", "write table.include.list or table.exclude.list"),
    Superseded(r"column\.(white|black)list", "was renamed in Debezium 1.3", "write column.include.list or column.exclude.list"),
    Superseded("slot.drop_on_stop", "is an old name and no longer a key", "write slot.drop.on.stop"),
    Superseded("toasted.value.placeholder", "is an old name and no longer a key", "write unavailable.value.placeholder"),
    Superseded("sanitize.field.names", "is an old name and no longer a key", "write field.name.adjustment.mode"),
    Superseded(
        "snapshot.new.tables", "is not a key of the PostgreSQL connector", "send a signal for an incremental snapshot of the new table"
    ),
    Superseded("snapshot.custom.class", "is an old name and no longer a key", "write snapshot.mode.custom.name"),
    Superseded(
        "event.deserialization.failure.handling.mode", "is an old name and no longer a key", "write event.processing.failure.handling.mode"
    ),
    Superseded(
        r"database\.history\..+|schema\.history\.internal\..+|include\.schema\.changes",
        "is for databases that need a schema history, which PostgreSQL does not",
        "remove it, and the topic it names",
    ),
    Superseded(r"database\.(include|exclude)\.list", "is not read by the PostgreSQL connector", "set the one database in database.dbname"),
    Superseded("source.struct.version", "is an old key that nothing reads", "remove it"),
    Superseded("xmin.fetch.interval", "is not a key of Debezium", "write xmin.fetch.interval.ms"),
    Superseded("truncate.handling.mode", "is an old name and no longer a key", "write skipped.operations"),
)

_UNWRAP = (
    Superseded(
        "drop.tombstones", "was removed in Debezium 3.2 (deprecated in 2.5), and deletes then arrive as bare tombstones", _UNWRAP_DELETES
    ),
    Superseded("delete.handling.mode", "was removed in Debezium 3.2, and deletes then arrive as bare tombstones", _UNWRAP_DELETES),
    Superseded("delete.handling.tombstone.mode", "is not a key of Debezium", "write delete.tombstone.handling.mode"),
    Superseded("operation.header", "is an old name and no longer a key", "write add.headers=op"),
    Superseded("add.source.fields", "is an old name and no longer a key", "write add.fields with source. before each name"),
)

_S3 = (
    Superseded(
        "parquet.block.size",
        "is not a key of this connector; row groups have the library's default size",
        "remove it; flush.size bounds a file",
    ),
    Superseded("parquet.page.size", "is not a key of this connector; pages are fixed at 64 KiB", "remove it"),
    Superseded("s3.max.retries", "is not a key of this connector", _SINK_RETRIES),
    Superseded(
        "s3.retry.jitter.ms",
        "is not a key of this connector; full jitter is built in",
        "remove it; s3.retry.backoff.ms sets the first delay",
    ),
    Superseded("s3.region.name", "is not a key of this connector", "write s3.region"),
    Superseded("s3.bucket", "is not a key of this connector", "write s3.bucket.name"),
    Superseded(r"aws\.(s3\.)?(bucket\.name|region)", "is a key of the Aiven S3 sink", "write s3.bucket.name and s3.region"),
    Superseded(r"connect\.parquet\..+|file\.(name\.template|compression\.type)", "is a key of the Aiven S3 sink", "remove it"),
    Superseded("schema.generator.class", "is an old key that nothing reads", "remove it"),
    Superseded("s3.multipart.upload.part.size", "is not a key of this connector", "write s3.part.size"),
)

_ICEBERG = (
    Superseded("iceberg.tables.cdc-field", "was dropped when the sink moved to Apache Iceberg", "remove it; changes are appended"),
    Superseded(
        "iceberg.tables.upsert-mode-enabled", "was dropped when the sink moved to Apache Iceberg", "remove it; changes are appended"
    ),
    Superseded("iceberg.control.group-id", "was replaced in the Apache sink", "write iceberg.control.group-id-prefix"),
)

_WORKER = (
    Superseded("internal.(key|value).converter(\\..+)?", "was removed in Kafka 3.0", "remove it"),
    Superseded(r"rest\.(host\.name|port)", "was removed in Kafka 3.0", "write listeners=http://host:port"),
    Superseded(r"offset\.storage\.file\.filename", "is for a standalone worker", "remove it; offset.storage.topic stores the offsets"),
    Superseded(
        r"circuit(\.|_)breaker.*", "does not exist in Connect", "remove it; a failed task is reported, and its slot retains the changes"
    ),
)

_BROKER = (
    Superseded(r"zookeeper\..+", "was removed in Kafka 4.0", "write process.roles and controller.quorum.voters"),
    Superseded("broker.id", "is the name under ZooKeeper", "write node.id"),
    Superseded(r"(log\.)?message\.format\.version", "was removed in Kafka 4.0", "remove it"),
    Superseded("inter.broker.protocol.version", "was removed in Kafka 4.0", "remove it; kafka-features.sh upgrades the cluster"),
    Superseded("log.message.timestamp.difference.max.ms", "was removed in Kafka 4.0", "write log.message.timestamp.before.max.ms"),
    Superseded(r"(host\.name|port|advertised\.(host\.name|port))", "was removed in Kafka 3.0", "write listeners and advertised.listeners"),
    Superseded("offsets.commit.required.acks", "was removed in Kafka 4.0", "remove it"),
    Superseded("quota.(producer|consumer).default", "was removed in Kafka 3.0", "set quotas with kafka-configs.sh"),
    Superseded("retention.(ms|bytes)", "is the name in a topic", "write log.retention.ms or log.retention.bytes"),
)

_TOPIC = (
    Superseded("message.format.version", "was removed in Kafka 4.0", "remove it"),
    Superseded("message.downconversion.enable", "was removed in Kafka 4.0", "remove it"),
    Superseded("message.timestamp.difference.max.ms", "was removed in Kafka 4.0", "write message.timestamp.before.max.ms"),
    Superseded(r"log\.retention\.(ms|bytes)", "is the name on the broker", "write retention.ms or retention.bytes"),
    Superseded("log.cleanup.policy", "is the name on the broker", "write cleanup.policy"),
    Superseded("replication.factor", "is not a topic configuration; it is fixed when the topic is created", "remove it"),
)

_POSTGRESQL = (
    Superseded("wal_keep_segments", "was removed in PostgreSQL 13", "write wal_keep_size"),
    Superseded("checkpoint_segments", "was removed in PostgreSQL 9.5", "write max_wal_size"),
    Superseded("vacuum_defer_cleanup_age", "was removed in PostgreSQL 16", "remove it"),
    Superseded("stats_temp_directory", "was removed in PostgreSQL 15", "remove it"),
    Superseded("force_parallel_mode", "was renamed in PostgreSQL 16", "write debug_parallel_query"),
    Superseded("promote_trigger_file", "was removed in PostgreSQL 16", "remove it"),
    Superseded("db_user_namespace", "was removed in PostgreSQL 17", "remove it"),
    Superseded("old_snapshot_threshold", "was removed in PostgreSQL 17", "remove it"),
    Superseded("trace_recovery_messages", "was removed in PostgreSQL 17", "remove it"),
    Superseded("max_slot_wal_keep_segments", "is not a parameter", "write max_slot_wal_keep_size"),
)

# Superseded keys by kind.
KEYS: Mapping[Kind, tuple[Superseded, ...]] = {
    "debezium": _DEBEZIUM,
    "s3": _S3,
    "iceberg": _ICEBERG,
    "worker": _WORKER,
    "broker": _BROKER,
    "topic": _TOPIC,
    "postgresql": _POSTGRESQL,
}

# Superseded keys of transforms, by class name.
TRANSFORM_KEYS: Mapping[str, tuple[Superseded, ...]] = {UNWRAP: _UNWRAP}


# One key as the replacement, and an explanation in brackets
_WRITE = re.compile(r"write ([a-z][a-z0-9_.-]*[a-z0-9])((?: \(.*)?)")


def advice(listed: tuple[Superseded, ...], key: str, *, prefix: str = "", present: Collection[str] = ()) -> Fault | None:
    """Return the reason and the replacement of a superseded key; None for any other key.

    Args:
        listed: Superseded keys.
        key: The key, without its prefix.
        prefix: Prefix of the key, and of its replacement.
        present: All keys of the configuration: what is written already is not to be written again.
    """
    fault = _advice(listed, key)
    found = _WRITE.fullmatch(fault.cure) if fault else None
    if fault is None or found is None:
        return fault
    meant = f"{prefix}{found[1]}"
    return Fault(fault.rule, f"remove it, since {meant} takes its place" if meant in present else f"write {meant}{found[2]}")


@functools.lru_cache(maxsize=4096)
def _advice(listed: tuple[Superseded, ...], key: str) -> Fault | None:
    matching = (entry for entry in listed if entry.key == key or re.fullmatch(entry.key, key))
    return next((Fault(entry.since, entry.cure) for entry in matching), None)
