"""What Debezium is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.names import CONNECT_SECRETS, POSTGRES_PORT
from components.source.sql import heartbeat_query
from components.streaming.connect import secret_reference
from components.streaming.converters import converter_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.names import Names
    from components.tables import Table

ADDED_FIELDS = ("op", "ts_ms", "source.ts_ms", "source.lsn", "source.txId", "source.schema", "source.table")
"""Lineage of each change, taken out of the envelope by the unwrap transform; each becomes a column ``__op``, ``__source_lsn``, …"""


def source_config(names: Names, tables: Sequence[Table], database_host: str, registry_url: str) -> dict[str, str]:
    """The source connector's configuration.

    ``errors.tolerance`` stays ``none``: a source has no dead-letter queue, and a tolerated error is a row lost in silence.

    Args:
        names: The pipeline's names.
        tables: The captured tables.
        database_host: Address of the database as the worker reaches it.
        registry_url: The registry's Confluent-compatible API as the worker reaches it.
    """
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": database_host,
        "database.port": str(POSTGRES_PORT),
        "database.user": secret_reference("source", "username"),
        "database.password": secret_reference("source", "password"),
        "database.dbname": names.database,
        "database.sslmode": "verify-full",
        "database.sslrootcert": f"{CONNECT_SECRETS}/source/ca.crt",
        "topic.prefix": names.topic_prefix,
        "table.include.list": ",".join(table.qualified for table in tables),
        "plugin.name": "pgoutput",
        "slot.name": names.slot,
        "publication.name": names.publication,
        "publication.autocreate.mode": "disabled",
        "snapshot.mode": "initial",
        "exactly.once.support": "required",
        "transaction.boundary": "poll",
        "poll.interval.ms": "50",
        "max.queue.size.in.bytes": str(32 * 1024 * 1024),
        "heartbeat.interval.ms": "10000",
        "heartbeat.action.query": heartbeat_query(names),
        "provide.transaction.metadata": "false",
        "decimal.handling.mode": "precise",
        "time.precision.mode": "connect",
        "tombstones.on.delete": "false",
        "errors.tolerance": "none",
        "errors.log.enable": "true",
        "errors.log.include.messages": "false",
        "errors.retry.timeout": "300000",
        "errors.retry.delay.max.ms": "60000",
        "producer.override.compression.type": "lz4",
        "transforms": "unwrap",
        "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
        "transforms.unwrap.delete.tombstone.handling.mode": "rewrite",
        "transforms.unwrap.replace.null.with.default": "false",
        "transforms.unwrap.add.fields": ",".join(ADDED_FIELDS),
        **converter_settings(registry_url),
    }
