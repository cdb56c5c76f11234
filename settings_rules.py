"""Rules between the sections of a stack's settings: memory and disk. Each gives its problems, with key, value, rule and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.ecommerce import TABLES
from components.streaming import registry, restarter
from components.streaming.kafka import reserved_mib
from components.streaming.topics import change_topics, disk_mib, iceberg_topics, support_topics

if TYPE_CHECKING:
    from settings import Settings

SEPARATOR = "\n"
"""Between the problems that one check of the whole finds."""

_BESIDES_JVM_MIB = 64
_MAX_WAL_MIB = 1024
_SYSTEM_SHARE = 4


def memory_problems(settings: Settings) -> list[str]:
    """Pods that do not fit the budget together, and JVMs that do not fit their pod.

    Beside its bounded parts a JVM needs about 64 MiB for thread stacks, the collector and native libraries.
    """
    problems = []
    over = settings.memory_used_mib - settings.budget.memory_mib
    if over > 0:
        problems.append(
            f"the pods may use {settings.memory_used_mib} MiB together and budget.memoryMib is {settings.budget.memory_mib}: "
            f"lower source.memoryMib or a memoryMib of streaming by {over} MiB, or raise the budget"
        )
    streaming = settings.streaming
    for name, part in (("kafka", streaming.kafka), ("registry", streaming.registry), ("connect", streaming.connect)):
        needed = part.jvm.bounded_mib + _BESIDES_JVM_MIB + (restarter.MEMORY_MIB if name == "connect" else 0)
        if needed > part.memory_mib:
            problems.append(
                f"streaming.{name}.jvm adds up to {part.jvm.bounded_mib} MiB, and with {needed - part.jvm.bounded_mib} MiB for all else "
                f"in the pod that exceeds its {part.memory_mib} MiB: lower heapMib or raise streaming.{name}.memoryMib"
            )
    if settings.source.shared_buffers_mib * 2 > settings.source.memory_mib:
        problems.append(
            f"source.sharedBuffersMib is {settings.source.shared_buffers_mib}, over half of the pod's {settings.source.memory_mib} MiB, "
            "and backends, autovacuum and decoding need the rest: lower it or raise source.memoryMib"
        )
    return problems


def disk_problems(settings: Settings) -> list[str]:
    """Topics that outgrow a broker's volume, and write-ahead log that outgrows the database's."""
    problems = []
    streaming = settings.streaming
    topics = [
        *change_topics(settings.names, TABLES, streaming.topics),
        *support_topics(settings.names),
        *registry.topics(streaming.registry.kind),
        *(iceberg_topics(settings.names) if settings.archive.format == "iceberg" else ()),
    ]
    needed, volume = disk_mib(topics) + reserved_mib(), streaming.kafka.storage_mib
    if needed > volume:
        problems.append(
            f"the topics may hold {needed} MiB on each broker and its volume has {volume} MiB (streaming.kafka.storageMib): "
            f"lower streaming.topics.retentionMib ({streaming.topics.retention_mib}) or give the brokers larger volumes"
        )
    source = settings.source
    if source.slot_wal_keep_mib + _MAX_WAL_MIB > source.storage_mib - source.storage_mib // _SYSTEM_SHARE:
        problems.append(
            f"a stopped connector may hold back {source.slot_wal_keep_mib} MiB of WAL (source.slotWalKeepMib) beside {_MAX_WAL_MIB} MiB of "
            f"max_wal_size, over three quarters of the {source.storage_mib} MiB volume: lower the first or raise source.storageMib"
        )
    return problems
