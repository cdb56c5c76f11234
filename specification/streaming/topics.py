"""Specifications of the topics: name, partitions and configuration in the broker's canonical spelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.quantity import MIB
from configs import topics as fixed
from settings.names import BROKERS
from specification.streaming.kafka import SEGMENT_MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings.names import Names
    from settings.streaming import TopicSettings
    from settings.tables import Table

_DAY_MS = 24 * 60 * 60 * 1000
# Days for which a dead letter can be read after it was set aside. It keeps the time of its record, which can be as old as the changes.
DEAD_LETTER_DAYS = 30


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """Specification of one topic.

    Attributes:
        name: Topic name.
        partitions: Number of partitions.
        config: Topic configuration; all values are strings, as the broker reports them.
    """

    name: str
    partitions: int
    config: dict[str, str]

    @property
    def replication_factor(self) -> int:
        """Copies of each partition: one on every broker."""
        return BROKERS


def _deleted(retention_ms: int, retention_mib: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.ms": str(retention_ms),
        "retention.bytes": str(retention_mib * MIB),
        "segment.bytes": str(SEGMENT_MIB * MIB),
        "segment.ms": str(60 * 60 * 1000),
    }


def _compacted() -> dict[str, str]:
    return {"cleanup.policy": "compact", "min.insync.replicas": "2", "segment.bytes": str(SEGMENT_MIB * MIB)}


def change_topics(names: Names, tables: Sequence[Table], settings: TopicSettings) -> list[TopicSpec]:
    """Return one topic per captured table, compressed by the producer and stored as received."""
    config = {"compression.type": "lz4", **_deleted(settings.retention_days * _DAY_MS, settings.retention_mib), **settings.extra}
    return [TopicSpec(names.topic(table), settings.partitions, config) for table in tables]


def support_topics(names: Names, settings: TopicSettings) -> list[TopicSpec]:
    """Return the further topics that Debezium, Connect and every sink need."""
    dead_letter_days = settings.retention_days + DEAD_LETTER_DAYS
    return [
        TopicSpec(names.heartbeat_topic, 1, _deleted(_DAY_MS, SEGMENT_MIB * 2)),
        # one partition, the only one that Debezium reads; a signal has some hundred bytes
        TopicSpec(names.signal_topic, 1, {**_deleted(_DAY_MS, 1), "segment.bytes": str(MIB)}),
        TopicSpec(fixed.CONNECT_CONFIGS, 1, _compacted()),
        TopicSpec(fixed.CONNECT_OFFSETS, 6, _compacted()),
        TopicSpec(fixed.CONNECT_STATUS, 3, _compacted()),
        TopicSpec(names.dead_letter_topic, 3, _deleted(dead_letter_days * _DAY_MS, SEGMENT_MIB * 4)),
    ]


def iceberg_topics(names: Names) -> list[TopicSpec]:
    """Return the Iceberg sink's control topics, one for each epoch; by the last one its tasks agree on a commit."""
    return [TopicSpec(name, 1, _deleted(7 * _DAY_MS, SEGMENT_MIB * 4)) for name in names.iceberg_control_topics]
