"""Configuration of the Debezium source connector."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stack.capacity.quantity import MIB
from stack.configs.classes import ARCHIVED_NAMES, EXACT_VALUES, TRUNCATE_MARKS, UNWRAP
from stack.configs.models import DebeziumPostgres
from stack.configs.session import SOURCE
from stack.settings.names import CONNECT_SECRETS
from stack.settings.source import DebeziumSettings
from stack.settings.sql_names import pattern
from stack.specification.source.sql import drop_former_slots, heartbeat_query
from stack.specification.streaming.connect import secret_reference
from stack.specification.streaming.converters import converter_settings
from stack.specification.streaming.external import bootstrap_servers, client_security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.names import Names
    from stack.settings.streaming import ExistingKafka
    from stack.settings.tables import Table
    from stack.specification.services import Address

# Lineage of each change, which the unwrap transform copies from the envelope to columns __op, __source_lsn, …
ADDED_FIELDS = ("op", "ts_ms", "source.ts_ms", "source.lsn", "source.sequence", "source.txId", "source.schema", "source.table")

# Transforms of the source, in their order.
CHAIN = ("truncates", "unwrap", "names")

# Extra configuration before a removal: the connector drops its slot at its next stop. In the normal configuration this would lose rows.
LAST_CONFIG = {"slot.drop.on.stop": "true"}

# Counters of changes by table and operation in the connector's metrics, which Debezium otherwise leaves empty (DBZ-8035).
COUNTED_BY_TABLE = {"internal.advanced.metrics.enable": "true"}

_DEFAULTS = DebeziumSettings()


def snapshot_rows(queue_mib: int, record_mib: int) -> int:
    """Return how many rows of a snapshot the driver reads at once: as many of the largest as the queue behind it holds.

    Debezium's default, 10,240 rows, is 3 GiB of rows of 300 kB, all at once on the heap.
    """
    return max(1, queue_mib // record_mib)


def expected_names(names: Names) -> dict[str, str]:
    """Return the connector keys that hold names of the stack, with their expected values."""
    return {
        "slot.name": names.current_slot,
        "publication.name": names.publication,
        "topic.prefix": names.topic_prefix,
        "database.dbname": names.database,
    }


def left_out(tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the columns that are not captured, each with its table, in Debezium's spelling."""
    return tuple(pattern(f"{table.in_database}.{column}") for table in tables for column in table.left_out)


def _key_columns(tables: Sequence[Table]) -> str:
    """Return the keys of the tables without a primary key, in Debezium's spelling."""
    keys = []
    for table in tables:
        if table.key == "unique index":
            there = {column.name: column.in_database for column in table.columns}
            keys.append(f"{pattern(table.in_database)}:{','.join(there[name] for name in table.primary_key)}")
    return ";".join(keys)


def _archived_names(names: Names, tables: Sequence[Table]) -> dict[str, str]:
    """Return the key with the names of tables and columns that are others in the archive, if there are any."""
    found: dict[str, dict[str, object]] = {}
    for table in tables:
        topic = {"topic": names.topic(table)} if table.in_database != table.qualified else {}
        columns = {"columns": table.renamed} if table.renamed else {}
        if topic or columns:
            found[table.in_database] = {**topic, **columns}
    return {"transforms.names.tables": json.dumps(found, ensure_ascii=False, sort_keys=True)} if found else {}


def source_config(
    names: Names,
    tables: Sequence[Table],
    database: Address,
    registry_url: str,
    settings: DebeziumSettings = _DEFAULTS,
    kafka: ExistingKafka | None = None,
    record: int = 1,
) -> dict[str, str]:
    """Return the configuration of the source connector.

    ``errors.tolerance`` remains ``none``: a source has no dead-letter queue, and a tolerated error silently loses a row.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        database: Database as the worker reaches it.
        registry_url: Confluent-compatible API of the registry as the worker reaches it.
        settings: Settings of the stack; their further keys override all others.
        kafka: Existing Kafka cluster, for the login of the consumer of signals, or None.
        record: Largest record, in MiB.
    """
    connector = DebeziumPostgres(
        database_hostname=database.host,
        database_port=database.port,
        database_user=secret_reference("source", "username"),
        database_password=secret_reference("source", "password"),
        database_dbname=names.database,
        database_initial_statements=drop_former_slots(names),
        database_sslrootcert=f"{CONNECT_SECRETS}/source/ca.crt",
        topic_prefix=names.topic_prefix,
        table_include_list=tuple(pattern(table.in_database) for table in tables),
        column_exclude_list=left_out(tables) or None,
        message_key_columns=_key_columns(tables) or None,
        slot_name=names.current_slot,
        publication_name=names.publication,
        snapshot_mode=settings.snapshot_mode,
        poll_interval_ms=settings.poll_interval_ms,
        max_queue_size_in_bytes=settings.max_queue_mib * MIB,
        heartbeat_interval_ms=settings.heartbeat_interval_ms,
        heartbeat_action_query=heartbeat_query(names),
        read_only=True,
        signal_enabled_channels=("kafka",),
        signal_kafka_topic=names.signal_topic,
        signal_kafka_bootstrap_servers=bootstrap_servers(names, kafka),
        transforms=CHAIN,
        families={
            # in the connector's own spelling, which no field name gives
            "signal.kafka.groupId": names.signal_group,
            **client_security(kafka, "signal.consumer."),
            "producer.override.compression.type": "lz4",
            "producer.override.max.request.size": str(record * MIB),
            "snapshot.fetch.size": str(snapshot_rows(settings.max_queue_mib, record)),
            "exact.type": EXACT_VALUES,
            **SOURCE,
            "transforms.truncates.type": TRUNCATE_MARKS,
            "transforms.unwrap.type": UNWRAP,
            "transforms.unwrap.delete.tombstone.handling.mode": "rewrite",
            "transforms.unwrap.replace.null.with.default": "false",
            "transforms.unwrap.add.fields": ",".join(ADDED_FIELDS),
            "transforms.names.type": ARCHIVED_NAMES,
            **_archived_names(names, tables),
            **converter_settings(registry_url),
        },
    )
    return {**connector.rendered(), **settings.extra}
