"""The seed stack: every part looks reasonable, and the parts do not work together."""

from __future__ import annotations

import json
from typing import Any

from policy.declared import Declared, Limits
from stack.configs.verdict import DEBEZIUM

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

MIB = 2**20
NAMESPACE = "data-ingestion"
LIMITS = Limits(memory={NAMESPACE: 4096 * MIB}, volumes={NAMESPACE: 15 * 1024 * MIB})


def declared(token: str, name: str, inputs: dict[str, Any]) -> Declared:
    """Return a declared resource."""
    return Declared(urn=f"urn:pulumi:seed::data-ingestion::{token}::{name}", type=token, name=name, inputs=inputs)


def workload(kind: str, name: str, image: str, memory: str, *, replicas: int = 1, storage: str = "", **container: Any) -> Declared:
    """Return a workload of one container, with the strategy that Kubernetes gives it."""
    one = {"name": name, "image": image, "resources": {"requests": {"memory": memory}, "limits": {"memory": memory}}, **container}
    spec: dict[str, Any] = {"replicas": replicas, "template": {"spec": {"containers": [one]}}}
    if storage:
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": storage}}}}]
    inputs = {"kind": kind, "apiVersion": "apps/v1", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
    return declared(f"kubernetes:apps/v1:{kind}", name, inputs)


def variables(**values: str) -> list[dict[str, str]]:
    """Environment variables."""
    return [{"name": key, "value": value} for key, value in values.items()]


def config_map(name: str, **files: str) -> Declared:
    """Return a ConfigMap; double underscores in file names stand for dots."""
    data = {key.replace("__", "."): text for key, text in files.items()}
    return declared("kubernetes:core/v1:ConfigMap", name, {"metadata": {"name": name, "namespace": NAMESPACE}, "data": data})


def topic(name: str, **config: str) -> Declared:
    """Return a topic of six partitions with three copies; double underscores in keys stand for dots."""
    inputs = {
        "name": name,
        "partitions": 6,
        "replicationFactor": 3,
        "config": {key.replace("__", "."): text for key, text in config.items()},
    }
    return declared("kafka:index/topic:Topic", name, inputs)


POSTGRES = (
    "wal_level=logical",
    "max_replication_slots=4",
    "max_wal_senders=4",
    "shared_buffers=256MB",
    "effective_cache_size=1GB",
    "wal_buffers=16MB",
    "max_wal_size=2GB",
)
RESOURCES = [
    workload(
        *("StatefulSet", "postgresql", "postgres:15", "512Mi"),
        storage="5Gi",
        args=[word for parameter in POSTGRES for word in ("-c", parameter)],
    ),
    workload(
        *("StatefulSet", "kafka", "confluentinc/cp-kafka:7.5.0", "682Mi"),
        replicas=3,
        storage="3413Mi",
        env=variables(KAFKA_HEAP_OPTS="-Xmx2g -Xms2g", KAFKA_PROCESS_ROLES="broker,controller", KAFKA_MIN_INSYNC_REPLICAS="2"),
    ),
    workload("Deployment", "schema-registry", "confluentinc/cp-schema-registry:7.5.0", "512Mi"),
    workload(
        *("Deployment", "kafka-connect", "confluentinc/cp-kafka-connect:7.5.0", "1Gi"),
        env=variables(KAFKA_HEAP_OPTS="-XX:MaxRAMPercentage=75.0 -XX:+UseG1GC -XX:MaxDirectMemorySize=128m"),
    ),
    config_map("connect-config", worker__properties="config.storage.topic=connect-configs\ngroup.id=connect-cluster\nproducer.acks=1\n"),
    config_map("postgresql-config", postgresql__conf="wal_level = logical\npassword_encryption = md5\n"),
    *(topic(f"postgres.public.{table}", retention__ms="604800000", cleanup__policy="delete") for table in ("users", "products")),
    topic("schema-changes.postgres", retention__ms="604800000", cleanup__policy="compact"),
    declared("kafkaconnect:index:Connector", "source", {"name": "source", "config": SOURCE}),
    declared("kafkaconnect:index:Connector", "sink", {"name": "sink", "config": SINK}),
    declared("aws:s3/bucket:Bucket", "archive", {"bucket": "datapipe-ingestion-123"}),
    declared(
        "aws:iam/userPolicy:UserPolicy",
        "write",
        {
            "user": "pipeline",
            "policy": json.dumps(
                {
                    "Statement": [
                        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::datapipe-ingestion-*"}
                    ]
                }
            ),
        },
    ),
]
