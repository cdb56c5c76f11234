"""Rules for volumes: they fit the budget, and hold what topics and the log of the database may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.capacity import disk, postgres, postgres_parameters, wide_rows
from stack.capacity.quantity import MIB, whole_mib
from stack.judgement.counting import counting
from stack.problem import Problem
from stack.settings.names import BROKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.stack import Specification

# PostgreSQL counts whole segments of its log, of 16 MiB. A slot moves on only where the server has logged its running transactions, every
# 15 s (LOG_SNAPSHOT_INTERVAL_MS of its background writer), and Debezium has confirmed them, each second; until then, a table at the
# assumed input of a broker writes more.
_SEGMENT_MIB = 16
_LEAST_KEPT_MIB = disk.WRITTEN_BYTES_PER_S * (15 + 1) // MIB + _SEGMENT_MIB
# initdb of PostgreSQL 15 wrote 22 MiB beside its log, and each further database takes 7.5; a quarter of a volume is for these.
_LEAST_VOLUME_MIB = 4 * 40
# Parameters that decide how much of its log a server keeps beside the slots.
_WAL_SIZES = {"max_wal_size", "min_wal_size", "wal_keep_size"}


def largest_record(specification: Specification) -> int:
    """Return the largest record of a change, in bytes."""
    read = {topic for one in specification.archive.connectors for topic in one.config["topics"].split(",")}
    with counting("streaming.topics.extra"):
        return wide_rows.largest(topic.config for topic in specification.streaming.kafka.topics if topic.name in read)


def broker_disk_mib(specification: Specification) -> int:
    """Return the upper bound of one broker's stored data, in MiB; 0 for an existing cluster.

    Raises:
        UncountableError: If a size cannot be counted.
    """
    kafka = specification.streaming.kafka
    if kafka.created is None:
        return 0
    counted = [disk.Topic(topic.name, topic.partitions, topic.replication_factor, topic.config) for topic in kafka.topics]
    with counting("streaming.kafka.extra"):
        needed, _unbounded = disk.broker_bytes(counted, kafka.created.properties[0], BROKERS)
    return whole_mib(needed)


def records(specification: Specification) -> Iterator[Problem]:
    """Yield a retention below one change, so that Kafka deletes each as the next one comes."""
    record, kept = whole_mib(largest_record(specification)), specification.settings.streaming.topics.retention_mib
    if kept < record:
        yield Problem(
            path="streaming.topics.retentionMib",
            rule=f"is {kept}, and one change may have {record} MiB (streaming.topics.maxRecordMib), so that Kafka deletes it with the next",
            cure=f"raise it to {record}",
        )


def topics(specification: Specification) -> Iterator[Problem]:
    """Yield topics that do not fit the volumes of the brokers."""
    streaming = specification.settings.streaming
    needed, volume = broker_disk_mib(specification), streaming.kafka.storage_mib
    if needed > volume:
        yield Problem(
            path="streaming.kafka.storageMib",
            rule=f"the topics may hold {needed} MiB on each broker, but its volume has {volume} MiB",
            cure=f"lower streaming.topics.retentionMib ({streaming.topics.retention_mib}), or raise it to {needed}",
        )


def wal(specification: Specification) -> Iterator[Problem]:
    """Yield a log of the database that does not fit its volume, or is too short for its slot, and a volume too small for any."""
    source, created = specification.settings.source, specification.source.created
    if created is None:
        return
    with counting("source.parameters"):
        held = whole_mib(postgres.disk_bytes(postgres_parameters.as_read(created.parameters)) or 0)
    sizes = [name for name in source.parameters if name.lower() in _WAL_SIZES]
    beside = " and ".join(sizes) or "max_wal_size"
    if source.slot_wal_keep_mib < _LEAST_KEPT_MIB:
        yield Problem(
            path="source.slotWalKeepMib",
            rule=f"is {source.slot_wal_keep_mib}, and the database may write {_LEAST_KEPT_MIB} MiB of WAL until a slot moves on, so that "
            "a running connector would lose its slot",
            cure=f"raise it to {_LEAST_KEPT_MIB}",
        )
    if source.storage_mib < _LEAST_VOLUME_MIB:
        yield Problem(
            path="source.storageMib",
            rule=f"is {source.storage_mib}, and a quarter of it does not hold the 40 MiB of an empty database",
            cure=f"raise it to {max(_LEAST_VOLUME_MIB, -(-held * 4 // 3))}",
        )
    elif held > postgres.wal_room(source.storage_mib):
        yield Problem(
            path="source.slotWalKeepMib",
            rule=f"a stopped connector may hold back {held} MiB of WAL ({source.slot_wal_keep_mib} MiB and {beside}), "
            f"more than three quarters of the {source.storage_mib} MiB volume",
            cure=f"lower {' or '.join(['it', *sizes])}{' in source.parameters' if sizes else ''}, or raise source.storageMib",
        )


def volumes(specification: Specification) -> Iterator[Problem]:
    """Yield volumes that do not fit the budget together."""
    taken, budget = specification.volumes_mib, specification.settings.budget.disk_mib
    if taken > budget:
        yield Problem(
            path="budget.diskMib",
            rule=f"the volumes take {taken} MiB together and budget.diskMib is {budget}",
            cure=f"lower source.storageMib or streaming.kafka.storageMib, or raise the budget to {taken}",
        )
