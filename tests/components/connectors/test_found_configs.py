"""A whole configuration with many mistakes, as one might be handed over: all of them are told in one run."""

from __future__ import annotations

from components.connectors.kafka_rules import broker_problems, topic_problems
from components.connectors.message import key_of
from components.connectors.pair_rules import pair_problems
from components.connectors.spelling import spelling_problems
from components.connectors.verdict import DEBEZIUM, connector_problems
from components.connectors.worker_rules import worker_problems
from components.ecommerce import TABLES
from tests.connector_configs import NAMES, PUBLISHED

REGISTRY = "http://schema-registry.data-ingestion.svc.cluster.local:8081"
LOGIN = "${env:SCHEMA_AUTH_USER}:${env:SCHEMA_AUTH_PASS}"
CONVERTERS = {
    f"{side}.converter{key}": value
    for side in ("key", "value")
    for key, value in {
        "": "io.confluent.connect.avro.AvroConverter",
        ".schema.registry.url": REGISTRY,
        ".basic.auth.credentials.source": "USER_INFO",
        ".basic.auth.user.info": LOGIN,
    }.items()
}
SOURCE = {
    "connector.class": DEBEZIUM,
    "tasks.max": "1",
    "database.hostname": "postgresql.data-ingestion.svc.cluster.local",
    "database.port": "5432",
    "database.user": "${env:DBZ_DB_USERNAME}",
    "database.password": "${env:DBZ_DB_PASSWORD}",
    "database.dbname": "ecommerce",
    "database.server.name": "postgres",
    "topic.prefix": "postgres",
    "table.include.list": "public.users,public.products,public.orders,public.order_items",
    "plugin.name": "pgoutput",
    "slot.name": "debezium_slot",
    "publication.name": "dbz_publication",
    **CONVERTERS,
    "transforms": "unwrap",
    "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
    "transforms.unwrap.drop.tombstones": "true",
    "transforms.unwrap.delete.handling.mode": "rewrite",
    "transforms.unwrap.add.fields": "op,ts_ms,source.ts_ms,source.lsn",
    "snapshot.mode": "initial",
    "heartbeat.interval.ms": "30000",
    "heartbeat.topics.prefix": "__debezium-heartbeat",
    "provide.transaction.metadata": "true",
    "decimal.handling.mode": "string",
    "time.precision.mode": "adaptive_time_microseconds",
    "errors.tolerance": "all",
    "errors.log.enable": "true",
    "errors.log.include.messages": "true",
    "errors.deadletterqueue.topic.name": "connect-dlq",
    "errors.deadletterqueue.topic.replication.factor": "3",
    "errors.deadletterqueue.context.headers.enable": "true",
    "errors.retry.delay.max.ms": "60000",
    "errors.retry.timeout": "300000",
}
SINK = {
    "connector.class": "io.confluent.connect.s3.S3SinkConnector",
    "tasks.max": "24",
    "topics.regex": "postgres\\.public\\..*",
    "s3.bucket.name": "${env:S3_BUCKET_NAME}",
    "s3.region": "us-east-1",
    "s3.part.size": "5242880",
    "format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat",
    "parquet.codec": "snappy",
    "parquet.block.size": "16777216",
    "parquet.page.size": "1048576",
    "partitioner.class": "io.confluent.connect.storage.partitioner.TimeBasedPartitioner",
    "partition.duration.ms": "3600000",
    "path.format": "'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH",
    "locale": "en-US",
    "timezone": "UTC",
    "timestamp.extractor": "Record",
    "flush.size": "1000",
    "rotate.interval.ms": "60000",
    **CONVERTERS,
    "consumer.override.max.poll.records": "1000",
    "consumer.override.max.poll.interval.ms": "180000",
    "consumer.override.fetch.max.bytes": "5242880",
    "errors.tolerance": "all",
    "errors.log.enable": "true",
    "errors.log.include.messages": "true",
    "errors.deadletterqueue.topic.name": "s3-sink-dlq",
    "errors.deadletterqueue.topic.replication.factor": "3",
    "errors.deadletterqueue.context.headers.enable": "true",
    "errors.retry.timeout": "0",
    "behavior.on.null.values": "ignore",
    "s3.retry.backoff.ms": "2000",
    "s3.retry.jitter.ms": "1000",
    "s3.max.retries": "7",
    "storage.class": "io.confluent.connect.s3.storage.S3Storage",
}
WORKER = {"group.id": "connect-cluster", "producer.acks": "1"}
"""What is told of the worker: nothing of providers, nothing of exactly once, and acks=1 as a tuning."""


def test_every_mistake_of_the_source_is_told_at_once() -> None:
    assert {key_of(problem) for problem in connector_problems(SOURCE)} == {
        "database.server.name",
        "transforms.unwrap.drop.tombstones",
        "transforms.unwrap.delete.handling.mode",
        "heartbeat.topics.prefix",
        "errors.deadletterqueue.topic.name",
        "errors.deadletterqueue.topic.replication.factor",
        "errors.deadletterqueue.context.headers.enable",
        "errors.tolerance",
        "errors.log.include.messages",
        "exactly.once.support",
        "publication.autocreate.mode",
        "database.sslmode",
        "heartbeat.action.query",
        "transforms.unwrap.delete.tombstone.handling.mode",
        "transforms.unwrap.replace.null.with.default",
    }


def test_every_mistake_of_the_sink_is_told_at_once() -> None:
    assert {key_of(problem) for problem in connector_problems(SINK)} == {
        "parquet.block.size",
        "parquet.page.size",
        "s3.retry.jitter.ms",
        "s3.max.retries",
        "consumer.override.isolation.level",
        "errors.log.include.messages",
        "errors.retry.timeout",
        "rotate.schedule.interval.ms",
        "report.null.values.to.dlq",
    }


def test_every_mistake_of_the_worker_is_told_at_once() -> None:
    assert {key_of(problem) for problem in worker_problems(WORKER, SOURCE, SINK)} == {
        "exactly.once.source.support",
        "producer.acks",
        "config.providers",
        "rest.extension.classes",
    }
    assert [key_of(problem) for problem in spelling_problems("worker", {"circuit_breaker.failure_threshold": "5"})]


def test_what_the_ends_do_not_agree_on_is_told_at_once() -> None:
    problems = pair_problems(SOURCE, SINK, WORKER, tables=TABLES, names=NAMES, publication=PUBLISHED, registry_url=REGISTRY)
    assert [problem.split(" ")[1].rstrip(":") for problem in problems] == ["consumer.override.isolation.level"]
    wide = pair_problems(
        SOURCE, SINK, WORKER, tables=TABLES, names=NAMES, publication=[*PUBLISHED, "public.secrets"], registry_url=REGISTRY
    )
    assert any("the publication holds public.secrets" in problem for problem in wide)


def test_a_topic_for_a_schema_history_is_told() -> None:
    found = {"retention.ms": "604800000", "cleanup.policy": "compact"}
    assert any("is not used" in problem for problem in topic_problems("schema-changes.postgres", found))


def test_what_brokers_lack_is_told() -> None:
    found = {
        "process.roles": "broker,controller",
        "num.network.threads": "8",
        "default.replication.factor": "3",
        "min.insync.replicas": "2",
        "unclean.leader.election.enable": "false",
    }
    assert {key_of(problem) for problem in broker_problems(found)} == {"auto.create.topics.enable", "log.dir"}


def test_a_connector_of_another_class_is_told_as_one_that_is_not_judged() -> None:
    (problem,) = connector_problems({"connector.class": "org.example.Other"})
    assert "nothing in it is judged" in problem
