"""Keys that users of these connectors set every day are accepted, in a stack and by the rules for whatever is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from configs.allowed import fixed_problems, further_problems
from configs.kafka_rules import broker_problems, topic_problems
from configs.spelling import spelling_problems
from configs.verdict import connector_problems
from configs.worker_rules import worker_problems
from tests.connector_configs import RENDERED, changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from configs.keys import Kind
    from problem import Problem

PRODUCER = {
    "linger.ms": "20",
    "batch.size": "131072",
    "compression.type": "zstd",
    "compression.zstd.level": "5",
    "buffer.memory": "33554432",
    "max.request.size": "2097152",
    "request.timeout.ms": "60000",
    "delivery.timeout.ms": "300000",
    "max.in.flight.requests.per.connection": "1",
    "retries": "10",
    "retry.backoff.ms": "500",
    "max.block.ms": "120000",
    "acks": "all",
    "enable.idempotence": "true",
    "metadata.max.age.ms": "60000",
    "client.id": "shop",
    "connections.max.idle.ms": "180000",
    "ssl.truststore.location": "/etc/connect/ca.p12",
    "ssl.endpoint.identification.algorithm": "https",
    "transaction.timeout.ms": "120000",
}
CONSUMER = {
    "max.poll.records": "2000",
    "max.poll.interval.ms": "600000",
    "fetch.min.bytes": "1024",
    "fetch.max.bytes": "10485760",
    "fetch.max.wait.ms": "1000",
    "max.partition.fetch.bytes": "2097152",
    "session.timeout.ms": "30000",
    "heartbeat.interval.ms": "3000",
    "request.timeout.ms": "60000",
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "client.rack": "a",
    "receive.buffer.bytes": "131072",
    "check.crcs": "true",
}
CONVERTER = {
    "schemas.cache.config": "2000",
    "auto.register.schemas": "true",
    "use.latest.version": "false",
    "enhanced.avro.schema.support": "false",
    "http.read.timeout.ms": "30000",
    "schema.registry.ssl.truststore.location": "/etc/connect/ca.p12",
}
CONNECTOR = {
    "errors.log.enable": "true",
    "errors.log.include.messages": "false",
    "errors.retry.delay.max.ms": "30000",
    "errors.retry.timeout": "600000",
    "tasks.max.enforce": "true",
    "config.action.reload": "restart",
}
SOURCE = {
    **CONNECTOR,
    "max.batch.size": "4096",
    "max.queue.size": "16384",
    "query.fetch.size": "10000",
    "snapshot.fetch.size": "10240",
    "snapshot.delay.ms": "5000",
    "snapshot.lock.timeout.ms": "30000",
    "snapshot.locking.mode": "none",
    "snapshot.isolation.mode": "repeatable_read",
    "snapshot.max.threads": "2",
    "snapshot.tables.order.by.row.count": "descending",
    "status.update.interval.ms": "5000",
    "retriable.restart.connector.wait.ms": "20000",
    "slot.max.retries": "12",
    "slot.retry.delay.ms": "5000",
    "errors.max.retries": "10",
    "database.tcpKeepAlive": "true",
    "database.query.timeout.ms": "300000",
    "connection.validation.timeout.ms": "30000",
    "driver.socketTimeout": "120",
    "driver.connectTimeout": "20",
    "driver.ApplicationName": "debezium",
    "tombstones.on.delete": "false",
    "provide.transaction.metadata": "false",
    "decimal.handling.mode": "precise",
    "binary.handling.mode": "bytes",
    "hstore.handling.mode": "json",
    "interval.handling.mode": "numeric",
    "skipped.operations": "t",
    "topic.delimiter": ".",
    "topic.cache.size": "5000",
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "disabled",
    "event.processing.failure.handling.mode": "fail",
    "notification.enabled.channels": "log",
    "custom.metric.tags": "team=shop",
    "xmin.fetch.interval.ms": "0",
    "read.only": "false",
    "slot.failover": "false",
    "transaction.boundary": "poll",
    "column.propagate.source.type": "public.users.email",
    **{f"producer.override.{key}": value for key, value in PRODUCER.items()},
    **{f"value.converter.{key}": value for key, value in CONVERTER.items()},
}
SINK = {
    **CONNECTOR,
    **{f"consumer.override.{key}": value for key, value in CONSUMER.items()},
    **{f"value.converter.{key}": value for key, value in CONVERTER.items()},
}
EVERYDAY: dict[Kind, dict[str, str]] = {
    "debezium": SOURCE,
    "s3": {
        **SINK,
        "parquet.codec": "zstd",
        "s3.part.size": "5242880",
        "s3.part.retries": "10",
        "s3.retry.backoff.ms": "500",
        "retry.backoff.ms": "10000",
        "s3.compression.type": "none",
        "s3.object.tagging": "true",
        "s3.acl.canned": "bucket-owner-full-control",
        "s3.send.digest": "true",
        "schemas.cache.config": "500",
        "enhanced.avro.schema.support": "true",
        "connect.meta.data": "true",
        "behavior.on.null.values": "ignore",
        "schema.compatibility": "NONE",
        "s3.wan.mode": "false",
    },
    "iceberg": {
        **SINK,
        "iceberg.control.commit.threads": "2",
        "iceberg.control.commit.timeout-ms": "60000",
        "iceberg.tables.evolve-schema-enabled": "true",
        "iceberg.tables.auto-create-enabled": "false",
        "iceberg.tables.schema-force-optional": "true",
        "iceberg.tables.schema-case-insensitive": "false",
        "iceberg.tables.write-props.write.parquet.compression-codec": "zstd",
        "iceberg.tables.write-props.write.parquet.compression-level": "3",
        "iceberg.tables.write-props.write.parquet.row-group-size-bytes": "2097152",
        "iceberg.tables.write-props.write.target-file-size-bytes": "67108864",
        "iceberg.tables.write-props.write.metadata.metrics.default": "counts",
        "iceberg.catalog.s3.checksum-enabled": "true",
        "iceberg.catalog.http-client.type": "apache",
        "iceberg.kafka.request.timeout.ms": "60000",
    },
    "worker": {
        "offset.flush.interval.ms": "5000",
        "offset.flush.timeout.ms": "10000",
        "task.shutdown.graceful.timeout.ms": "15000",
        "scheduled.rebalance.max.delay.ms": "60000",
        "rebalance.timeout.ms": "120000",
        "session.timeout.ms": "30000",
        "heartbeat.interval.ms": "5000",
        "topic.tracking.enable": "true",
        "plugin.discovery": "hybrid_warn",
        "metrics.recording.level": "DEBUG",
        "metrics.context.team": "shop",
        "connector.client.config.override.policy": "All",
        "response.http.headers.config": "add X-Frame-Options: DENY",
        "client.dns.lookup": "use_all_dns_ips",
        **{f"producer.{key}": value for key, value in PRODUCER.items()},
        **{f"consumer.{key}": value for key, value in CONSUMER.items()},
        "admin.request.timeout.ms": "60000",
        "offset.storage.min.insync.replicas": "2",
    },
    "broker": {
        "num.io.threads": "8",
        "num.network.threads": "3",
        "num.replica.fetchers": "2",
        "num.recovery.threads.per.data.dir": "2",
        "num.partitions": "3",
        "background.threads": "8",
        "log.cleaner.threads": "2",
        "log.cleaner.min.cleanable.ratio": "0.3",
        "log.cleaner.dedupe.buffer.size": "33554432",
        "log.cleaner.io.max.bytes.per.second": "10485760",
        "log.retention.hours": "168",
        "log.retention.bytes": "-1",
        "log.flush.interval.messages": "10000",
        "log.preallocate": "false",
        "log.roll.hours": "24",
        "message.max.bytes": "2097152",
        "replica.fetch.max.bytes": "2097152",
        "replica.lag.time.max.ms": "30000",
        "replica.socket.timeout.ms": "30000",
        "socket.send.buffer.bytes": "102400",
        "socket.receive.buffer.bytes": "102400",
        "socket.request.max.bytes": "33554432",
        "queued.max.requests": "200",
        "connections.max.idle.ms": "600000",
        "max.connections.per.ip": "500",
        "group.initial.rebalance.delay.ms": "3000",
        "group.min.session.timeout.ms": "6000",
        "group.max.session.timeout.ms": "1800000",
        "offsets.retention.minutes": "20160",
        "transactional.id.expiration.ms": "604800000",
        "transaction.max.timeout.ms": "900000",
        "compression.type": "producer",
        "auto.leader.rebalance.enable": "true",
        "leader.imbalance.check.interval.seconds": "60",
        "controlled.shutdown.enable": "true",
        "unclean.leader.election.enable": "false",
        "metrics.recording.level": "DEBUG",
        "delete.topic.enable": "true",
        "controller.quorum.election.timeout.ms": "2000",
        "quota.window.num": "11",
    },
    "topic": {
        "max.message.bytes": "2000000",
        "segment.ms": "7200000",
        "segment.jitter.ms": "60000",
        "compression.type": "zstd",
        "compression.zstd.level": "6",
        "file.delete.delay.ms": "5000",
        "flush.messages": "10000",
        "flush.ms": "1000",
        "index.interval.bytes": "4096",
        "min.insync.replicas": "2",
        "preallocate": "false",
        "unclean.leader.election.enable": "false",
        "cleanup.policy": "delete",
    },
}
CASES = [(kind, key) for kind, keys in EVERYDAY.items() for key in keys]


def judged(kind: Kind, config: dict[str, str]) -> list[Problem]:
    """Return the problems of a configuration that anyone declares."""
    if kind in {"debezium", "s3", "iceberg"}:
        return connector_problems(config)
    alone = spelling_problems(kind, config)
    rules = {"worker": worker_problems, "broker": broker_problems}
    return [*alone, *(rules[kind](config) if kind in rules else topic_problems("postgres.public.users", config))]


@pytest.mark.parametrize(("kind", "key"), CASES, ids=[f"{kind}-{key}" for kind, key in CASES])
def test_an_everyday_key_is_accepted(kind: Kind, key: str) -> None:
    value = EVERYDAY[kind][key]
    # a larger batch alone would not fit the default queue
    together = {"max.queue.size": "16384"} if key == "max.batch.size" else {}
    config = changed(RENDERED[kind], **together, **{key: value})
    assert judged(kind, config) == []
    assert fixed_problems(kind, {key: value}, config) == []
    assert further_problems(kind, {key: value}, config) == []


def test_all_of_them_together_are_accepted(figure: Callable[[str], None]) -> None:
    for kind, keys in EVERYDAY.items():
        config = changed(RENDERED[kind], **keys)
        assert judged(kind, config) == []
        assert further_problems(kind, keys, config) == []
    figure(f"{len(CASES)} everyday keys, all accepted")
