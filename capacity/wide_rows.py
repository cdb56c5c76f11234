"""Memory for the largest rows: a row is whole in a consumer's answer, in the producer's request and in a Parquet page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT: Final = "max.message.bytes"
"""Key of a topic: largest record."""

# Kafka's default of the topic's key, without the batch's header of 12 bytes.
_DEFAULT: Final = MIB
# Direct buffers of an open file for its largest page, compressed and not. Measured by Parquet's own writer with pages that are looked at
# after each row (tests/images/test_wide_rows.py): 49 MiB for 3 files with rows of 8 MB, and for 12 with rows of 2 MB, that is 2.15.
_FILE_COPIES: Final = 2.2
# Brokers that share the partitions of a task: an answer comes from one of them, with this part of the partitions.
_BROKERS: Final = 3
_CHOICES: Final = (8, 4, 2, 1)
# What the worker takes without a wide row (judgement/java.py).
_WORKER: Final = 4 * MIB


def largest(topics: Iterable[Mapping[str, str]]) -> int:
    """Return the largest record of some topics, in bytes.

    Args:
        topics: Configuration of each topic.

    Raises:
        ValueError: If a size is no whole number.
    """
    return max((int(topic.get(LIMIT, _DEFAULT)) for topic in topics), default=_DEFAULT)


def beyond_fetch(tasks: int, record: int, fetch: int = MIB) -> int:
    """Return the heap that records take beyond the usual answers to a sink's consumers, in bytes.

    A broker gives the first record of an answer whatever its size (KIP-74).
    """
    return tasks * max(0, record - fetch)


def direct(partitions: int, tasks: int, record: int, fetch: int = MIB) -> int:
    """Return the direct buffers of a sink in which each task meets a row of the largest size, in bytes.

    Java copies an answer through a direct buffer of its size, which each consumer's thread keeps.

    Args:
        partitions: Number of partitions of its topics.
        tasks: Number of its tasks.
        record: Largest record, in bytes.
        fetch: What is asked for of each partition, in bytes.
    """
    answer = -(-partitions // (tasks * _BROKERS)) * fetch
    return tasks * (answer + int(_FILE_COPIES * record)) + beyond_fetch(tasks, record, fetch)


def of_worker(sinks: int, sources: int, record: int) -> int:
    """Return all direct buffers of a worker, in bytes: those of its sinks, a request of each source's producer, and its own."""
    return sinks + sources * record + _WORKER


def fitting(given: int, partitions: int, tasks: int) -> int:
    """Return the largest record in MiB for which the direct buffers of one source and one sink suffice: 8, 4, 2, or 1 as with Kafka alone.

    Args:
        given: Direct buffers of the worker, in bytes.
        partitions: Number of partitions of the sink's topics.
        tasks: Number of its tasks.
    """
    return next((size for size in _CHOICES if of_worker(direct(partitions, tasks, size * MIB), 1, size * MIB) <= given), _CHOICES[-1])
