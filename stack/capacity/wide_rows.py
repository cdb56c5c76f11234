"""Memory for the largest rows: a row is whole in a consumer's answer, in the producer's request and in a Parquet page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT: Final = "max.message.bytes"
"""Key of a topic: largest record."""

# Kafka's default of the topic's key, without the batch's header of 12 bytes.
_DEFAULT: Final = MIB
# Codecs of Parquet that hold pages in direct buffers, from a file's first page to its last. Others do not: 25 files with rows of 1 MB take
# 54 MiB of them with snappy and none with zstd, gzip or uncompressed (tests/images/test_wide_rows.py).
_CODECS_WITH_BUFFERS: Final = frozenset({"snappy", "lz4", "lz4_raw", "lz4raw"})
# Direct buffers of an open file for its largest page, compressed and not, with such a codec. Measured by Parquet's own writer with pages
# that are looked at after each row: 49 MiB for 3 files with rows of 8 MB, and for 12 with rows of 2 MB, that is 2.15.
_FILE_COPIES: Final = 2.2
# Heap of an open file with rows of the largest size, by the same writer: 17 MiB for rows of 4 MB and 33 for rows of 8 MB, that is 4.2.
_HEAP_COPIES: Final = 4.2
# Part of the heap that the largest rows may take by default, one file for each task: the stacks of this program leave it free beside a
# backlog of a day.
_HEAP_SHARE: Final = 0.1
# Brokers that share the partitions of a task: an answer comes from one of them, with this part of the partitions.
_BROKERS: Final = 3
_CHOICES: Final = (8, 4, 2, 1)
# What the worker takes without a wide row (stack/judgement/java.py).
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


def files_with_buffers(codec: str, files: int) -> int:
    """Return how many of a sink's open files hold pages in direct buffers: all, or none, by the codec of Parquet."""
    return files if codec.lower() in _CODECS_WITH_BUFFERS else 0


def heap(tasks: int, record: int) -> int:
    """Return the heap of one file of each task that has rows of the largest size, in bytes."""
    return int(tasks * _HEAP_COPIES * record)


def direct(partitions: int, tasks: int, files: int, record: int, fetch: int = MIB) -> int:
    """Return the direct buffers of a sink that meets a row of the largest size in each file and task, in bytes.

    Java copies an answer through a direct buffer of its size, which each consumer's thread keeps.

    Args:
        partitions: Number of partitions of its topics.
        tasks: Number of its tasks.
        files: Open files that hold pages in such buffers (``files_with_buffers``).
        record: Largest record, in bytes.
        fetch: What is asked for of each partition, in bytes.
    """
    answer = -(-partitions // (tasks * _BROKERS)) * fetch
    return tasks * answer + int(files * _FILE_COPIES * record) + beyond_fetch(tasks, record, fetch)


def of_worker(sinks: int, sources: int, record: int) -> int:
    """Return all direct buffers of a worker, in bytes: those of its sinks, a request of each source's producer, and its own."""
    return sinks + sources * record + _WORKER


@dataclass(frozen=True, slots=True)
class Reading:
    """Partitions, tasks and open files of a sink.

    Attributes:
        partitions: Number of partitions of its topics.
        tasks: Number of its tasks.
        files: Open files that hold pages in direct buffers.
    """

    partitions: int
    tasks: int
    files: int = 0


def fitting(given: int, given_heap: int, sinks: Iterable[Reading]) -> int:
    """Return the largest record in MiB that a worker with one source and the sinks takes: 8, 4, 2, or 1 as with Kafka alone.

    Args:
        given: Direct buffers of the worker, in bytes.
        given_heap: Its heap, in bytes, of which the largest rows may take a tenth.
        sinks: The sinks.
    """
    each = tuple(sinks)

    def fits(size: int) -> bool:
        buffers = of_worker(sum(direct(one.partitions, one.tasks, one.files, size) for one in each), 1, size)
        return buffers <= given and sum(heap(one.tasks, size) for one in each) <= given_heap * _HEAP_SHARE

    return next((size for size in _CHOICES if fits(size * MIB)), _CHOICES[-1])
