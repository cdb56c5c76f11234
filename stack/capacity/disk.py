"""Maximum disk use of Kafka's logs, from the configuration of topics and brokers (Apache Kafka 4.3, broker and topic settings)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.capacity.quantity import MIB
from stack.configs import topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SEGMENT_BYTES = 1024**3
_PARTITIONS_OF_INTERNAL_TOPICS = 50
_METADATA_RETENTION_BYTES = 100 * MIB
# Segments counted for a compacted partition: the active one, and the compacted rest.
COMPACTED_SEGMENTS = 2
# Assumed input while expired segments wait for the next check and for deletion; above the source's measured maximum
# (bench/figures.md: 12,500 rows/s of about 200 bytes, 2.4 MiB). A partition at 1 MiB/s, with check interval and delay of 60 s each, held
# 185 MiB, of which 64 MiB within its retention.
WRITTEN_BYTES_PER_S = 4 * MIB
_CHECK_MS = 300_000
_DELETE_DELAY_MS = 60_000
# Assumed size of a journal of the registry, which never deletes anything: a few kilobytes for each schema.
JOURNAL_MIB = 64

# Properties of a broker that are read as whole numbers here.
NUMBERS = frozenset(
    {
        "log.retention.bytes",
        "log.retention.check.interval.ms",
        "log.segment.bytes",
        "log.segment.delete.delay.ms",
        "metadata.log.segment.bytes",
        "metadata.max.retention.bytes",
        *(f"{topic}.{key}" for topic in ("offsets.topic", "transaction.state.log") for key in ("num.partitions", "segment.bytes")),
    }
)


@dataclass(frozen=True, slots=True)
class Topic:
    """Properties of a topic that decide its disk use.

    Attributes:
        name: Topic name.
        partitions: Number of partitions.
        copies: Replication factor.
        config: Topic configuration, as strings.
    """

    name: str
    partitions: int
    copies: int
    config: Mapping[str, str]


def partition_bytes(topic: Topic, broker: Mapping[str, str]) -> int | None:
    """Return the maximum size of one copy of a partition, in bytes: retention deletes whole segments, so the active one is extra.

    Args:
        topic: The topic.
        broker: ``server.properties``, the defaults of the topic.

    Returns:
        Bytes, or None when the size has no bound. Time alone is none: a fast producer fills any disk before it passes.
    """
    config = topic.config
    segment = int(config.get("segment.bytes") or broker.get("log.segment.bytes") or _SEGMENT_BYTES)
    if "compact" in config.get("cleanup.policy", broker.get("log.cleanup.policy", "delete")):
        return COMPACTED_SEGMENTS * segment
    retained = int(config.get("retention.bytes") or broker.get("log.retention.bytes") or -1)
    if retained >= 0:
        return retained + segment
    return JOURNAL_MIB * MIB + segment if topic.name in topics.REGISTRY else None


def internal_bytes(broker: Mapping[str, str]) -> int:
    """Return the disk reserved for Kafka itself, in bytes: its own compacted topics, and the cluster's metadata log."""
    internal = 0
    for topic in ("offsets.topic", "transaction.state.log"):
        partitions = int(broker.get(f"{topic}.num.partitions") or _PARTITIONS_OF_INTERNAL_TOPICS)
        internal += partitions * COMPACTED_SEGMENTS * int(broker.get(f"{topic}.segment.bytes") or 100 * MIB)
    metadata = int(broker.get("metadata.max.retention.bytes") or _METADATA_RETENTION_BYTES)
    return internal + metadata + int(broker.get("metadata.log.segment.bytes") or _SEGMENT_BYTES)


def waiting_bytes(broker: Mapping[str, str]) -> int:
    """Return the input of a broker, in bytes, while expired segments still occupy the disk."""
    check = int(broker.get("log.retention.check.interval.ms") or _CHECK_MS)
    delay = int(broker.get("log.segment.delete.delay.ms") or _DELETE_DELAY_MS)
    return WRITTEN_BYTES_PER_S * (check + delay) // 1000


def broker_bytes(topics: Iterable[Topic], broker: Mapping[str, str], brokers: int) -> tuple[int, list[str]]:
    """Return the maximum disk use of one broker.

    Args:
        topics: All declared topics.
        broker: ``server.properties`` of any of them.
        brokers: Number of brokers; each holds its share of the copies.

    Returns:
        Bytes, and the names of topics without a bound.
    """
    total, unbounded = internal_bytes(broker) + waiting_bytes(broker), []
    for topic in topics:
        each = partition_bytes(topic, broker)
        if each is None:
            unbounded.append(topic.name)
            continue
        total += -(-topic.partitions * topic.copies * each // max(brokers, 1))
    return total, unbounded
