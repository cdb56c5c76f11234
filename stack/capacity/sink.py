"""Heap for a sink connector's open files and consumers, and the cost of one more table.

Confluent S3 sink: one file per topic partition, each with an upload part and a Parquet writer (its sources, ``S3OutputStream`` and
``TopicPartitionWriter``; storage-cloud issue 29). Iceberg sink: one file per task, table and hour (``PartitionedFanoutWriter``), each
with at most one Parquet row group. The sizes were measured on the real writers (docs/memory.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from stack.capacity import wide_rows
from stack.capacity.quantity import MIB
from stack.capacity.sink_heap import SinkHeap
from stack.configs.classes import ICEBERG_SINKS, S3_SINK
from stack.configs.patterns import fault_of, matches

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SINKS = (S3_SINK, *ICEBERG_SINKS)

# Live heap of a Connect worker with its plugins, before any file is open.
FRAMEWORK_MIB = 100
# Live heap of Debezium without its queue, which max.queue.size.in.bytes bounds.
SOURCE_LIVE_MIB = 40
# Per sink task: schema caches, dead-letter producer, S3 client.
TASK_MIB = 4
# A sink must be able to catch up: it opens a file for each task, table and hour of its backlog before it commits.
BACKLOG_HOURS = 24
# One open Iceberg file without rows and without its compressor's buffer of one page. Measured: 1.57 MiB with pages of 1 MiB,
# 0.56 with pages of 64 KiB, 288 files open.
ICEBERG_FILE_BYTES = 512 * 1024
# A full file, in row groups. Measured: 9.2 MiB with row groups of 4 MiB, 4.6 with 2.
FULL_FILE = 2.5
# Iceberg's defaults of write.parquet.row-group-size-bytes and write.parquet.page-size-bytes.
ICEBERG_DEFAULTS = {"row-group": 128 * MIB, "page": MIB}
# Iceberg's default of write.parquet.compression-codec since 1.4, and the S3 sink's of parquet.codec.
ICEBERG_CODEC, S3_CODEC = "zstd", "snappy"
# Measured maximum of a worker with one core (bench/figures.md, sink alone).
ROWS_PER_S = 12_000
# Heap of one buffered row of about 20 narrow columns until its pages are full (measured: 430 to 740; 65 afterwards).
ROW_BYTES = 750

# Measured heap of one Parquet writer by rows written, for narrow rows; linear between the points.
_PARQUET_KIB_BY_ROWS = ((0, 512), (1_000, 850), (10_000, 4_400), (20_000, 5_300), (50_000, 7_300), (100_000, 9_800))
_ELASTIC_START = 128 * 1024
_ELASTIC_BYTES_PER_ROW = 80
_DEFAULT_PART_SIZE = 25 * MIB
# Debezium's queue without a bound in bytes: the default number of events, at an assumed 2 KiB each; a row that a snapshot reads too.
_QUEUE, _EVENT_BYTES = 8192, 2048
# A reference in the queue, compressed as in every heap below 32 GiB.
_SLOT_BYTES = 4
# Prefix of a sink's own writer properties, which override the tables' (Iceberg, "Kafka Connect", configuration).
_WRITE_PROPERTY = "iceberg.tables.write-props."


@dataclass(frozen=True, slots=True)
class Parquet:
    """Bounds of an Iceberg table's Parquet writers, in bytes.

    Attributes:
        row_group: Buffer of a writer before it writes (``write.parquet.row-group-size-bytes``).
        page: Page of one column (``write.parquet.page-size-bytes``).
        codec: Compression of its pages (``write.parquet.compression-codec``).
    """

    row_group: int
    page: int
    codec: str = ICEBERG_CODEC


def parquet_of(properties: Mapping[str, str], otherwise: Parquet | None = None) -> Parquet:
    """Return the bounds in properties; for absent ones those of ``otherwise``, or Iceberg's defaults."""
    beneath = otherwise or Parquet(ICEBERG_DEFAULTS["row-group"], ICEBERG_DEFAULTS["page"])
    return Parquet(
        _number(properties, "write.parquet.row-group-size-bytes", beneath.row_group),
        _number(properties, "write.parquet.page-size-bytes", beneath.page),
        properties.get("write.parquet.compression-codec", beneath.codec),
    )


class SinkError(ValueError):
    """A sink whose buffers cannot be counted."""


def _number(config: Mapping[str, str], key: str, default: int) -> int:
    try:
        return int(config.get(key, default))
    except ValueError:
        message = f"{key} is not a whole number"
        raise SinkError(message) from None


def _parquet_bytes(rows: int) -> int:
    """Return the heap of one Parquet writer with this number of rows, in bytes."""
    points = _PARQUET_KIB_BY_ROWS
    for (low, small), (high, large) in pairwise(points):
        if rows <= high:
            return (small * 1024) + (large - small) * 1024 * (rows - low) // (high - low)
    (low, small), (high, large) = points[-2:]
    return large * 1024 + (large - small) * 1024 * (rows - high) // (high - low)


def _s3_file(config: Mapping[str, str]) -> int:
    rows = _number(config, "flush.size", 0)
    part = _number(config, "s3.part.size", _DEFAULT_PART_SIZE)
    if config.get("s3.elastic.buffer.enable", "false").lower() == "true":
        part = min(part, max(_ELASTIC_START, rows * _ELASTIC_BYTES_PER_ROW))
    return part + _parquet_bytes(rows)


def _consumers(config: Mapping[str, str], partitions: int, tasks: int, fetch: int, record: int) -> int:
    fetched = min(
        partitions * fetch,
        tasks * _number(config, "consumer.override.fetch.max.bytes", 50 * MIB),
    )
    return fetched + wide_rows.beyond_fetch(tasks, record, fetch) + tasks * TASK_MIB * MIB


def source_heap(config: Mapping[str, str] | None) -> int:
    """Return the heap of the Debezium connector on the same worker, in bytes; 0 without one."""
    if config is None:
        return 0
    slots = _number(config, "max.queue.size", _QUEUE)
    queue = _number(config, "max.queue.size.in.bytes", 0) or slots * _EVENT_BYTES
    # Debezium allocates all slots of its queue at the start, whatever bounds their bytes; those of the default are in the live heap.
    return queue + max(0, slots - _QUEUE) * _SLOT_BYTES + _read_at_once(config) + SOURCE_LIVE_MIB * MIB


def _read_at_once(config: Mapping[str, str]) -> int:
    """Return the bytes of the rows that a snapshot reads at once.

    As many of the largest as the queue holds, and one in any case; further ones as usual.
    """
    rows, queue = _number(config, "snapshot.fetch.size", 0), _number(config, "max.queue.size.in.bytes", 0)
    # a size below 1, which no record fits, counts as one byte
    largest = max(_number(config, "producer.override.max.request.size", _EVENT_BYTES), 1)
    long = min(rows, max(1, queue // largest))
    return long * largest + (rows - long) * _EVENT_BYTES


def memory(
    config: Mapping[str, str],
    partitions: Mapping[str, int],
    tables: Parquet | None = None,
    record: int = MIB,
) -> SinkHeap:
    """Return the heap that a worker needs for a sink.

    Args:
        config: The sink connector's configuration.
        partitions: Number of partitions of every declared topic, by name.
        tables: Parquet sizes of the Iceberg tables; Iceberg's defaults when absent.
        record: Largest record of its topics, in bytes.

    Raises:
        SinkError: If the sink reads an undeclared topic, or a number cannot be read.
    """
    topics = read_topics(config, partitions)
    unknown = [topic for topic in topics if topic not in partitions]
    if unknown or not topics:
        message = f"reads {', '.join(unknown) or 'no topic by name'}, whose partitions this program does not declare: list declared topics"
        raise SinkError(message)
    widest = max(partitions[topic] for topic in topics)
    total = sum(partitions[topic] for topic in topics)
    # a topic may have a second table, for the rows that break a rule
    second = max(len([name for name in config.get("iceberg.tables", "").split(",") if name.strip()]) - len(topics), 0)
    now = _heap(config, len(topics) + second, total, tables, record)
    more = _heap(config, len(topics) + second + (2 if second else 1), total + widest, tables, record)
    return replace(now, per_table=more.needed - now.needed)


def read_topics(config: Mapping[str, str], declared: Collection[str]) -> list[str]:
    """Return the topics that a sink reads: those in its list, or the declared ones that match its pattern.

    Raises:
        SinkError: If the pattern is invalid.
    """
    listed = [topic.strip() for topic in config.get("topics", "").split(",") if topic.strip()]
    pattern = config.get("topics.regex")
    if listed or not pattern:
        return listed
    if fault_of(pattern):
        message = "topics.regex is not a valid pattern; list the topics by name"
        raise SinkError(message)
    return [topic for topic in declared if matches(pattern, topic)]


def _heap(config: Mapping[str, str], number: int, partitions: int, tables: Parquet | None, record: int) -> SinkHeap:
    """Return the heap of the sink itself, for a number of written tables, whose topics have a total number of partitions."""
    # a number below 1, which the check of spelling reports, counts as one task
    tasks = max(min(_number(config, "tasks.max", 1), partitions), 1)
    fetch = _number(config, "consumer.override.max.partition.fetch.bytes", MIB)
    consumers = _consumers(config, partitions, tasks, fetch, record)
    framework = FRAMEWORK_MIB * MIB
    if config.get("connector.class") not in ICEBERG_SINKS:
        buffered = wide_rows.files_with_buffers(config.get("parquet.codec", S3_CODEC), partitions)
        direct = wide_rows.direct(partitions, tasks, buffered, record, fetch)
        return SinkHeap(partitions, _s3_file(config), 0, consumers, 0, framework, 0, direct)
    own = {key.removeprefix(_WRITE_PROPERTY): text for key, text in config.items() if key.startswith(_WRITE_PROPERTY)}
    sizes = parquet_of(own, tables or parquet_of({}))
    files = tasks * number * BACKLOG_HOURS
    interval_s = _number(config, "iceberg.control.commit.interval-ms", 300_000) / 1000
    rows = min(int(files * sizes.row_group * FULL_FILE), int(ROWS_PER_S * interval_s) * ROW_BYTES)
    # narrow rows at the top rate, or the largest ones: a task reads one or the other
    rows = max(rows, wide_rows.heap(tasks, record))
    direct = wide_rows.direct(partitions, tasks, wide_rows.files_with_buffers(sizes.codec, files), record, fetch)
    return SinkHeap(files, ICEBERG_FILE_BYTES + sizes.page, rows, consumers, 0, framework, 0, direct)
