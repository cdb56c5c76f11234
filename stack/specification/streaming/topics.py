"""Specifications of the topics: name, partitions and configuration in the broker's canonical spelling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stack.capacity import sink, wide_rows
from stack.capacity.quantity import MIB
from stack.configs import topics as fixed
from stack.settings.names import BROKERS
from stack.specification.streaming.kafka import SEGMENT_MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stack.settings.model import Settings
    from stack.settings.names import Names
    from stack.settings.streaming import TopicSettings
    from stack.settings.tables import Table

_DAY_MS = 24 * 60 * 60 * 1000
# Days for which a dead letter can be read after it was set aside. It keeps the time of its record, which can be as old as the changes.
DEAD_LETTER_DAYS = 30
# Headers of a dead letter; a trace of Java has some kilobytes
_TRACE_BYTES = 256 * 1024
# Keys that the topics of an existing cluster set: what the pipeline's promises rest on. Managed services refuse or bound the others, such
# as segment.bytes below 50 MiB (Confluent Cloud, "Topic configuration reference"); small segments are for the program's own volumes.
_ON_EXISTING = frozenset({"cleanup.policy", "min.insync.replicas", "retention.ms", "retention.bytes", wide_rows.LIMIT})


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


def on_existing_cluster(topics: Iterable[TopicSpec], further: Mapping[str, str]) -> tuple[TopicSpec, ...]:
    """Return the topics as an existing cluster takes them, without the keys that only the program's own brokers need.

    Args:
        topics: Topics of the stack.
        further: ``streaming.topics.extra``, which the user has chosen for the change topics of this cluster.
    """

    # a support topic has its own value of such a key, which the user has not chosen
    def taken(config: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in config.items() if key in _ON_EXISTING or further.get(key) == value}

    return tuple(replace(topic, config=taken(topic.config)) for topic in topics)


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


def record_mib(settings: Settings) -> int:
    """Return the size of the largest change in MiB: the given one, or what the worker's heap and its buffers outside of it take."""
    given, jvm = settings.streaming.topics.max_record_mib, settings.streaming.connect.jvm
    partitions = [len(one.tables) * settings.streaming.topics.partitions for one in settings.sinks]
    # a sink without a table is refused later
    sinks = [_reading(number, settings) for number in partitions if number]
    return given or wide_rows.fitting(jvm.direct_mib * MIB, jvm.heap_mib * MIB, sinks)


def _reading(partitions: int, settings: Settings) -> wide_rows.Reading:
    """Return what a sink holds for a largest row; tables of Iceberg have a codec without buffers outside the heap."""
    files = 0 if settings.archive.format == "iceberg" else wide_rows.files_with_buffers(sink.S3_CODEC, partitions)
    return wide_rows.Reading(partitions, min(settings.archive.tasks, partitions), files)


def change_topics(names: Names, tables: Sequence[Table], settings: TopicSettings, record: int = 1) -> list[TopicSpec]:
    """Return one topic per captured table, compressed by the producer and stored as received.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        settings: Settings of the topics; their further keys override all others.
        record: Largest record, in MiB.
    """
    config = {
        "compression.type": "lz4",
        wide_rows.LIMIT: str(record * MIB),
        **_deleted(settings.retention_days * _DAY_MS, settings.retention_mib),
        **settings.extra,
    }
    return [TopicSpec(names.topic(table), settings.partitions, config) for table in tables]


def support_topics(names: Names, settings: TopicSettings, record: int = 1) -> list[TopicSpec]:
    """Return the further topics that Debezium, Connect and every sink need; ``record`` is the largest change in MiB."""
    letters = _deleted((settings.retention_days + DEAD_LETTER_DAYS) * _DAY_MS, SEGMENT_MIB * 4)
    return [
        TopicSpec(names.heartbeat_topic, 1, _deleted(_DAY_MS, SEGMENT_MIB * 2)),
        # one partition, the only one that Debezium reads; a signal has some hundred bytes
        TopicSpec(names.signal_topic, 1, {**_deleted(_DAY_MS, 1), "segment.bytes": str(MIB)}),
        TopicSpec(fixed.CONNECT_CONFIGS, 1, _compacted()),
        TopicSpec(fixed.CONNECT_OFFSETS, 6, _compacted()),
        TopicSpec(fixed.CONNECT_STATUS, 3, _compacted()),
        # a letter holds the record as it came
        TopicSpec(names.dead_letter_topic, 3, {**letters, wide_rows.LIMIT: str(record * MIB + _TRACE_BYTES)}),
    ]


def iceberg_topics(names: Names, sinks: Iterable[str] = ()) -> list[TopicSpec]:
    """Return the Iceberg sinks' control topics, one for each epoch; by the last one a sink's tasks agree on a commit.

    Args:
        names: Names of the pipeline.
        sinks: Names of the sinks that some tables have to themselves.
    """
    topics = (topic for sink in ("", *sinks) for topic in names.control_topics(sink))
    return [TopicSpec(topic, 1, _deleted(7 * _DAY_MS, SEGMENT_MIB * 4)) for topic in topics]
