"""Rules between the sections of a stack's settings: memory and disk. Each gives its problems, with key, value, rule and cure.

The same models judge the declared resources in the policy pack; here the cure can name the key to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.archive.sink import iceberg_config, parquet_config, table_properties
from components.budget import disk, jvm, postgres, postgres_parameters, sink
from components.ecommerce import TABLES
from components.names import BROKERS
from components.quantity import MIB, whole_mib
from components.source.postgres import server_conf
from components.streaming import connect, kafka, registry
from components.streaming.debezium import source_config
from components.streaming.topics import change_topics, iceberg_topics, support_topics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.names import Names
    from components.streaming.topics import TopicSettings, TopicSpec
    from components.tables import Table
    from settings import Settings

SEPARATOR = "\n"
"""Between the problems that one check of the whole finds."""


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {whole_mib(size)}" for name, size in sizes.items())


def memory_problems(settings: Settings) -> list[str]:
    """Pods that do not fit the budget together, and processes that do not fit their pod."""
    problems = []
    over = settings.memory_used_mib - settings.budget.memory_mib
    if over > 0:
        problems.append(
            f"the pods may use {settings.memory_used_mib} MiB together and budget.memoryMib is {settings.budget.memory_mib}: "
            f"lower source.memoryMib or a memoryMib of streaming by {over} MiB, or raise the budget"
        )
    return [*problems, *_java_problems(settings), *_postgres_problems(settings), *_sink_problems(settings)]


def _java_problems(settings: Settings) -> list[str]:
    streaming = settings.streaming
    processes = {
        "kafka": (kafka.broker_command(streaming.kafka), streaming.kafka.memory_mib),
        "registry": (registry.command(streaming.registry), streaming.registry.memory_mib),
        "connect": (connect.worker_command(streaming.connect), streaming.connect.worker_mib),
    }
    problems = []
    for name, (command, limit_mib) in processes.items():
        java = jvm.memory({"command": command}, limit_mib * MIB)
        needed = whole_mib(java.needed)
        over = needed - limit_mib
        if over > 0:
            problems.append(
                f"streaming.{name}.jvm: Java may take {needed} MiB ({_parts(java.parts())}) and its container has {limit_mib}: "
                f"lower heapMib by {over} or raise streaming.{name}.memoryMib by {over}"
            )
    return problems


def _postgres_problems(settings: Settings) -> list[str]:
    source = settings.source
    needs = postgres.memory(postgres_parameters.parameters({}, server_conf(source)))
    over = whole_mib(needs.needed) - source.memory_mib
    if over <= 0:
        return []
    fewer = -(-over * MIB * source.max_connections // needs.backends)
    problem = (
        f"source: PostgreSQL may take {whole_mib(needs.needed)} MiB ({_parts(needs.parts())}) and its pod has {source.memory_mib}: "
        f"lower sharedBuffersMib ({source.shared_buffers_mib}) by {over} or maxConnections ({source.max_connections}) by {fewer}, "
        f"or raise source.memoryMib by {over}"
    )
    return [problem]


def sink_heap(settings: Settings, tables: Sequence[Table] = TABLES) -> sink.SinkHeap:
    """What the worker needs on its heap for this stack's connectors."""
    names, url, host = settings.names, "http://registry", "postgresql"
    topics = {topic.name: topic.partitions for topic in change_topics(names, tables, settings.streaming.topics)}
    if settings.archive.format == "iceberg":
        config = iceberg_config(names, tables, settings.archive, url, host)
        sizes = sink.parquet_of(table_properties(names, tables[0], settings.archive))
    else:
        config, sizes = parquet_config(names, tables, settings.archive, url), None
    return sink.memory(config, topics, source_config(names, tables, host, url, settings.source.debezium), sizes)


def _sink_problems(settings: Settings) -> list[str]:
    heap, given = sink_heap(settings), settings.streaming.connect.jvm.heap_mib
    over = whole_mib(heap.needed) - given
    if over <= 0:
        return []
    problem = (
        f"streaming.connect.jvm.heapMib is {given} and the connectors need {whole_mib(heap.needed)} MiB ({_parts(heap.parts())}; one more "
        f"table costs {whole_mib(heap.per_table)}): lower archive.tasks, archive.flushRecords or streaming.topics.partitions, "
        f"or raise heapMib by {over}"
    )
    return [problem]


def declared_topics(names: Names, tables: Sequence[Table], topics: TopicSettings, kind: str, sink_format: str) -> list[TopicSpec]:
    """Every topic that a stack declares.

    Args:
        names: The pipeline's names.
        tables: The captured tables.
        topics: Size of the change topics.
        kind: Which registry.
        sink_format: The archive's format.
    """
    return [
        *change_topics(names, tables, topics),
        *support_topics(names),
        *registry.topics(kind),
        *(iceberg_topics(names) if sink_format == "iceberg" else ()),
    ]


def broker_disk_mib(names: Names, topics: Sequence[TopicSpec]) -> int:
    """The most that one broker holds, in MiB."""
    counted = [disk.Topic(topic.name, topic.partitions, topic.replication_factor, topic.config) for topic in topics]
    needed, _unbounded = disk.broker_bytes(counted, kafka.server_properties(names, 0, "127.0.0.1", [0] * BROKERS), BROKERS)
    return whole_mib(needed)


def disk_problems(settings: Settings) -> list[str]:
    """Topics that outgrow a broker's volume, write-ahead log that outgrows the database's, and volumes that outgrow the budget."""
    problems = []
    streaming, source = settings.streaming, settings.source
    topics = declared_topics(settings.names, TABLES, streaming.topics, streaming.registry.kind, settings.archive.format)
    needed, volume = broker_disk_mib(settings.names, topics), streaming.kafka.storage_mib
    if needed > volume:
        problems.append(
            f"the topics may hold {needed} MiB on each broker and its volume has {volume} MiB (streaming.kafka.storageMib): "
            f"lower streaming.topics.retentionMib ({streaming.topics.retention_mib}) or give the brokers larger volumes"
        )
    held = whole_mib(postgres.disk_bytes(postgres_parameters.parameters({}, server_conf(source))) or 0)
    if held > postgres.wal_room(source.storage_mib):
        problems.append(
            f"a stopped connector may hold back {held} MiB of WAL (source.slotWalKeepMib {source.slot_wal_keep_mib} and max_wal_size), "
            f"over three quarters of the {source.storage_mib} MiB volume: lower the first or raise source.storageMib"
        )
    volumes = source.storage_mib + BROKERS * volume
    if volumes > settings.budget.disk_mib:
        problems.append(
            f"the volumes take {volumes} MiB together and budget.diskMib is {settings.budget.disk_mib}: lower source.storageMib or "
            f"streaming.kafka.storageMib, or raise the budget to {volumes}"
        )
    return problems
