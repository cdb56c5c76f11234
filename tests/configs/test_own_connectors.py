"""Connectors that somebody declares beside the program's, in forms of their own, are accepted."""

from __future__ import annotations

import pytest

from stack.configs.verdict import connector_problems
from tests.connector_configs import ICEBERG, S3, SOURCE, changed

_JSON = "org.apache.kafka.connect.json.JsonConverter"
_CONVERTED = {key: None for key in SOURCE if key.startswith(("key.converter.", "value.converter."))} | {
    "key.converter": _JSON,
    "value.converter": _JSON,
    "value.converter.schemas.enable": "false",
}
_CHAINLESS = {key: None for key in S3 if key.startswith("transforms")}
CONNECTORS = {
    "a source of another database": changed(
        SOURCE,
        **{"database.hostname": "billing", "database.dbname": "billing", "slot.name": "billing", "publication.name": "billing"},
        **{"topic.prefix": "billing", "table.include.list": "public.invoices", "snapshot.mode": "no_data"},
    ),
    "a source with JSON and signals": changed(
        SOURCE,
        **_CONVERTED,
        **{"signal.data.collection": "public.signals", "signal.enabled.channels": "source,kafka", "signal.kafka.topic": "signals"},
        **{"incremental.snapshot.chunk.size": "2048", "time.precision.mode": "adaptive_time_microseconds"},
        **{"decimal.handling.mode": "string", "hstore.handling.mode": "map", "interval.handling.mode": "string"},
    ),
    "a source with names of Avro and topics of its own": changed(
        SOURCE,
        **{"schema.name.adjustment.mode": "avro", "field.name.adjustment.mode": "avro", "topic.prefix": "my-shop"},
        **{"topic.creation.default.partitions": "6", "topic.creation.default.replication.factor": "3"},
    ),
    "a sink of JSON files by field": changed(
        S3,
        **_CONVERTED,
        **_CHAINLESS,
        **{"format.class": "io.confluent.connect.s3.format.json.JsonFormat", "parquet.codec": None, "s3.compression.type": "gzip"},
        **{"partitioner.class": "io.confluent.connect.storage.partitioner.FieldPartitioner", "partition.field.name": "country"},
        **{"timestamp.extractor": "Wallclock", "timestamp.field": None, "topics.dir": "raw", "store.kafka.keys": "true"},
    ),
    "a sink in another time zone and bucket": changed(
        S3,
        **{"timezone": "Europe/Berlin", "locale": "de-DE", "s3.bucket.name": "other", "s3.ssea.name": "aws:kms", "s3.sse.kms.key.id": "k"},
        **{"path.format": "'d'=yyyyMMdd", "partition.duration.ms": "86400000", "topics": "billing.public.invoices"},
    ),
    "a sink to a REST catalog": changed(
        ICEBERG,
        **{"iceberg.catalog.type": "rest", "iceberg.catalog.catalog-impl": None, "iceberg.catalog.uri": "https://catalog.example.com"},
        **{
            "iceberg.catalog.token": "${env:CATALOG}",
            "iceberg.control.group-id-prefix": "billing",
            "iceberg.hadoop-conf-dir": "/etc/hadoop",
        },
    ),
    "a sink of one table without routes": changed(
        ICEBERG,
        **{key: None for key in ICEBERG if ".route-" in key},
        **{"iceberg.tables": "archive.users", "topics": "postgres.public.users"},
    ),
}


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_of_its_own_is_accepted(name: str) -> None:
    assert connector_problems(CONNECTORS[name]) == []
