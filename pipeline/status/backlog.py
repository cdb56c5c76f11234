"""Backlog of the sink: the first record behind its position, and the oldest change that the archive does not have.

Offsets alone do not tell: the last entry of a partition is often the mark of a transaction, which no consumer reads. So one record of each
partition that is behind is read, and no more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Lag, Waiting
from providers.kafkaconnect import librdkafka

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pipeline.status.facts import Archived, Brokers, Place

_READER: Final = {
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 50,
    "queued.min.messages": 1,
    "queued.max.messages.kbytes": 4096,
}
_GROUP: Final = "status"
_AT_ONCE: Final = 100
# a call waits for as many records as that, or for the whole time
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Firsts:
    """First records behind some positions.

    Attributes:
        times: Time of the first record of each partition that has one, in seconds since 1970.
        undecided: Partitions of which nothing could be read in time.
    """

    times: Mapping[Place, float]
    undecided: frozenset[Place] = frozenset()


def behind(starts: Mapping[Place, int], brokers: Brokers) -> dict[Place, int]:
    """Return where to read in each partition that has anything behind a position; what retention has deleted is left out."""
    begins, ends = brokers.begins, brokers.ends
    return {place: max(start, begins[place]) for place, start in starts.items() if max(start, begins[place]) < ends[place]}


def firsts(
    settings: Mapping[str, Any],
    starts: Mapping[Place, int],
    ends: Mapping[Place, int],
    aside: Collection[tuple[str, int, int]],
    seconds: float,
) -> Firsts:
    """Read the first record of each partition that stands for a row.

    Args:
        settings: Settings of librdkafka for the cluster.
        starts: Where to begin.
        ends: Where to end.
        aside: Topic, partition and offset of records that count as done: dead letters.
        seconds: Time limit.

    Raises:
        KafkaException: If the cluster does not answer.
    """
    from confluent_kafka import KafkaError, KafkaException, TopicPartition  # noqa: PLC0415 - slow to load

    open_, found = set(starts), dict[tuple[str, int], float]()
    if not open_:
        return Firsts({})
    with librdkafka.consumer({**settings, **_READER}, _GROUP) as reader:
        reader.assign([TopicPartition(*place, start) for place, start in starts.items()])
        deadline = time.monotonic() + seconds
        while open_ and time.monotonic() < deadline:
            for message in reader.consume(_AT_ONCE, _POLL_S):
                place, error, offset = (message.topic(), message.partition()), message.error(), message.offset()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    if error.retriable():
                        continue
                    raise KafkaException(error)
                if place not in open_:
                    continue
                ended = error is not None or offset >= ends[place]
                # a tombstone is no row
                if not ended and (message.value() is None or (*place, offset) in aside):
                    continue
                if not ended:
                    found[place] = message.timestamp()[1] / 1000
                open_.discard(place)
                reader.incremental_unassign([TopicPartition(*place)])
    return Firsts(found, frozenset(open_))


def lags(settings: Mapping[str, Any], brokers: Brokers, topics: Collection[str], seconds: float) -> Mapping[Place, Lag] | Unanswered:
    """Return the backlog behind the committed position of the sink, by partition.

    Args:
        settings: Settings of librdkafka for the cluster.
        brokers: What the cluster has said.
        topics: The change topics.
        seconds: Time limit.
    """
    places = [place for place in brokers.ends if place[0] in topics]
    starts = behind({place: brokers.committed.get(place, 0) for place in places}, brokers)
    first = firsts(settings, starts, brokers.ends, (), seconds)
    if first.undecided:
        return Unanswered(f"the backlog of {_named(first.undecided)} could not be read within {seconds:.0f} s")
    return {
        place: Lag(
            records=brokers.ends[place] - starts[place] if place in first.times else 0,
            since=first.times.get(place),
            deleted=max(0, brokers.begins[place] - brokers.committed[place]) if place in brokers.committed else 0,
        )
        for place in places
    }


def waiting(
    settings: Mapping[str, Any],
    brokers: Brokers,
    topics: Mapping[str, str],
    archived: Mapping[str, Archived],
    aside: Collection[tuple[str, int, int]],
    seconds: float,
) -> dict[str, Waiting | Unanswered]:
    """Return the oldest change of each table that is in Kafka, and neither in the archive nor a dead letter.

    Args:
        settings: Settings of librdkafka for the cluster.
        brokers: What the cluster has said, before or after the tables were read.
        topics: Change topic to table.
        archived: The tables that could be read.
        aside: Topic, partition and offset of every dead letter.
        seconds: Time limit.
    """
    tables = {place: topics[place[0]] for place in brokers.ends if topics.get(place[0]) in archived}
    after = {place: archived[table].offsets.get(place[1], -1) + 1 for place, table in tables.items()}
    first = firsts(settings, behind(after, brokers), brokers.ends, aside, seconds)
    return {table: _oldest(first, [place for place in tables if tables[place] == table], seconds) for table in archived}


def _oldest(first: Firsts, places: Iterable[Place], seconds: float) -> Waiting | Unanswered:
    own = list(places)
    undecided = first.undecided.intersection(own)
    if undecided:
        return Unanswered(f"the records of {_named(undecided)} could not be read within {seconds:.0f} s")
    return Waiting(since=min((first.times[place] for place in own if place in first.times), default=None))


def _named(places: Iterable[Place]) -> str:
    return ", ".join(f"{topic}/{number}" for topic, number in sorted(places))
