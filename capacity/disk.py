"""The disk that Kafka's logs may take, from the topics' and the brokers' configuration (Apache Kafka 4.3, broker and topic settings)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SEGMENT_BYTES = 1024**3
_PARTITIONS_OF_INTERNAL_TOPICS = 50
_METADATA_RETENTION_BYTES = 100 * MIB
# Segments counted for a compacted partition: the active one, and what is left of the others.
COMPACTED_SEGMENTS = 2
# Counted as arriving while segments wait for the next check and for their deletion, above the fastest that the source was seen to write
# (bench/figures.md: 12,500 rows/s of about 200 bytes, 2.4 MiB). A partition at 1 MiB/s with checks and delay of 60 s each held 185 MiB, 64
# of them by its retention.
WRITTEN_BYTES_PER_S = 4 * MIB
_CHECK_MS = 300_000
_DELETE_DELAY_MS = 60_000
JOURNALS = ("registry-journal", "registry-snapshots", "registry-events")
# Counted for a journal of the registry, which keeps everything on purpose: a few kilobytes for each schema.
JOURNAL_MIB = 64


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it counts on disk.

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
    """The most one copy of a partition holds, in bytes: retention ends whole segments, so the active one comes on top.

    Args:
        topic: The topic.
        broker: `server.properties`, for what the topic does not say.

    Returns:
        Bytes, or None when nothing bounds its size: time alone does not, since a fast producer fills any disk before it passes.
    """
    config = topic.config
    segment = int(config.get("segment.bytes") or broker.get("log.segment.bytes") or _SEGMENT_BYTES)
    if "compact" in config.get("cleanup.policy", broker.get("log.cleanup.policy", "delete")):
        return COMPACTED_SEGMENTS * segment
    retained = int(config.get("retention.bytes") or broker.get("log.retention.bytes") or -1)
    if retained >= 0:
        return retained + segment
    return JOURNAL_MIB * MIB + segment if topic.name in JOURNALS else None


def internal_bytes(broker: Mapping[str, str]) -> int:
    """What no declared topic may count on, in bytes: Kafka's own compacted topics, and the cluster's metadata log."""
    internal = 0
    for topic in ("offsets.topic", "transaction.state.log"):
        partitions = int(broker.get(f"{topic}.num.partitions") or _PARTITIONS_OF_INTERNAL_TOPICS)
        internal += partitions * COMPACTED_SEGMENTS * int(broker.get(f"{topic}.segment.bytes") or 100 * MIB)
    metadata = int(broker.get("metadata.max.retention.bytes") or _METADATA_RETENTION_BYTES)
    return internal + metadata + int(broker.get("metadata.log.segment.bytes") or _SEGMENT_BYTES)


def waiting_bytes(broker: Mapping[str, str]) -> int:
    """What arrives on a broker, in bytes, while segments that retention has ended are still there."""
    check = int(broker.get("log.retention.check.interval.ms") or _CHECK_MS)
    delay = int(broker.get("log.segment.delete.delay.ms") or _DELETE_DELAY_MS)
    return WRITTEN_BYTES_PER_S * (check + delay) // 1000


def broker_bytes(topics: Iterable[Topic], broker: Mapping[str, str], brokers: int) -> tuple[int, list[str]]:
    """The most that one broker holds.

    Args:
        topics: All declared topics.
        broker: `server.properties` of any of them.
        brokers: How many there are; each holds its share of the copies.

    Returns:
        Bytes, and the names of topics that nothing bounds.
    """
    total, unbounded = internal_bytes(broker) + waiting_bytes(broker), []
    for topic in topics:
        each = partition_bytes(topic, broker)
        if each is None:
            unbounded.append(topic.name)
            continue
        total += -(-topic.partitions * topic.copies * each // max(brokers, 1))
    return total, unbounded
