"""Keys that a connector accepts and ignores, so that nothing but this table tells that the setting has no effect.

Sources: the configuration definitions of Debezium PostgreSQL 3.6 and of the Confluent S3 sink 12.1; Connect never
complains about a key it does not know.
"""

from __future__ import annotations

from typing import Final

_DEBEZIUM: Final = {
    "database.server.name": "it is gone since Debezium 2.0; set topic.prefix",
    "database.whitelist": "it is gone; set table.include.list",
    "table.whitelist": "it is gone; set table.include.list",
    "heartbeat.topics.prefix": "nothing reads it; set topic.heartbeat.prefix",
    "flush.lsn.source": "it is deprecated since Debezium 3.4; set lsn.flush.mode",
}
_UNWRAP: Final = {
    "drop.tombstones": "Debezium 3.2 removed it; set delete.tombstone.handling.mode on the transform",
    "delete.handling.mode": "Debezium 3.2 removed it; set delete.tombstone.handling.mode on the transform",
}
_S3_SINK: Final = {
    "parquet.block.size": "the S3 sink has no such key: its row group size is fixed; remove it",
    "parquet.page.size": "the S3 sink has no such key: its page size is fixed; remove it",
    "s3.max.retries": "the S3 sink has no such key; set s3.part.retries",
    "s3.retry.jitter.ms": "the S3 sink has no such key: jitter is built in; remove it",
}
_BY_CLASS: Final = (("io.debezium.connector.", _DEBEZIUM), ("io.confluent.connect.s3.", _S3_SINK))
_UNWRAP_CLASS: Final = "io.debezium.transforms.ExtractNewRecordState"


def obsolete_keys(config: dict[str, str]) -> dict[str, str]:
    """The keys of `config` that do nothing, each with what to do instead."""
    found: dict[str, str] = {}
    for prefix, table in _BY_CLASS:
        if config.get("connector.class", "").startswith(prefix):
            found |= {key: advice for key, advice in table.items() if key in config}
    for key, value in config.items():
        if key.startswith("transforms.") and key.endswith(".type") and value == _UNWRAP_CLASS:
            transform = key.removesuffix("type")
            found |= {transform + name: advice for name, advice in _UNWRAP.items() if transform + name in config}
    return found
