"""Kafka's side: ranges of offsets, and every record in them, as committed transactions leave it."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.description.stack import UnansweredError
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from confluent_kafka import Message

_ANSWER_S: Final = 15.0
_BATCH: Final = 2_000
_POLL_S: Final = 0.5
_WAITING_MIB: Final = 32
_SILENT = logging.getLogger("audit.librdkafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets of a partition.

    Attributes:
        begin: The first.
        end: The one behind the last.
    """

    begin: int
    end: int

    @property
    def size(self) -> int:
        """Number of offsets."""
        return self.end - self.begin


class Topics:
    """Reader of topics, which commits nothing and belongs to no group.

    Args:
        settings: Settings of librdkafka: servers and login.
        fetched_mib: Most records that wait to be taken, and as many of an answer on its way, in MiB; 32 and librdkafka's 50 by default.
    """

    def __init__(self, settings: Mapping[str, Any], fetched_mib: int | None = None) -> None:
        """Connect lazily."""
        self._settings, self._fetched_mib = settings, fetched_mib

    def ranges(self, topics: Sequence[str], since_ms: int | None = None) -> dict[Place, Range]:
        """Return what each partition has at this moment, or of it what was written since a time.

        Raises:
            UnansweredError: If the brokers do not answer or have no such topic.
        """
        found: dict[Place, Range] = {}
        with self._consumer("read_uncommitted") as consumer:
            try:
                for topic in topics:
                    # asking for one name would create the topic on a cluster that creates topics by itself
                    described = consumer.list_topics(timeout=_ANSWER_S).topics.get(topic)
                    if described is None or described.error is not None:
                        message = f"Kafka has no topic {topic}: has 'up' finished?"
                        raise UnansweredError(message)
                    for number in sorted(described.partitions):
                        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_ANSWER_S)
                        found[topic, number] = Range(low, high)
                if since_ms is not None:
                    asked = [TopicPartition(topic, number, since_ms) for topic, number in found]
                    for place in consumer.offsets_for_times(asked, timeout=_ANSWER_S):
                        known = found[place.topic, place.partition]
                        # a negative answer: nothing was written since
                        begin = place.offset if place.offset >= 0 else known.end
                        found[place.topic, place.partition] = Range(max(begin, known.begin), known.end)
            except KafkaException as error:
                raise _unanswered(error) from None
        return found

    def read(
        self,
        ranges: Mapping[Place, Range],
        take: Callable[[Message], None],
        *,
        committed: bool,
        patience_s: float,
        tell: Callable[[str], None],
    ) -> set[Place]:
        """Hand over every record in the ranges.

        Args:
            ranges: What to read.
            take: Receives each record; those of one partition in order.
            committed: Whether to leave out records of aborted transactions.
            patience_s: How long to wait for the next record.
            tell: Receives how far it is.

        Returns:
            The partitions whose end was not reached: a transaction in them is still open, or nobody leads them.

        Raises:
            UnansweredError: If the brokers do not answer.
        """
        left = {place: one.end for place, one in ranges.items() if one.size}
        total, seen, patience = sum(one.size for one in ranges.values()), 0, Patience(patience_s)
        if not left:
            return set()
        with self._consumer("read_committed" if committed else "read_uncommitted") as consumer:
            consumer.assign([TopicPartition(*place, ranges[place].begin) for place in left])
            while left and not patience.over:
                try:
                    batch = consumer.consume(_BATCH, _POLL_S)
                except KafkaException as error:
                    raise _unanswered(error) from None
                for message in batch:
                    place, trouble = (str(message.topic()), message.partition() or 0), message.error()
                    offset = message.offset()
                    if place not in left or offset is None:
                        continue
                    if trouble is not None and trouble.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name for it
                        if trouble.retriable():
                            continue
                        raise _unanswered(KafkaException(trouble))
                    if trouble is None and offset < left[place]:
                        take(message)
                        seen, patience = seen + 1, Patience(patience_s)
                    # an end of partition names the next offset, which is behind control records
                    if offset + (trouble is None) >= left[place]:
                        del left[place]
                        consumer.pause([TopicPartition(*place)])
                tell(f"{seen:,} records of {total:,} offsets")
        return set(left)

    def _consumer(self, isolation: str) -> Any:  # noqa: ANN401 - a consumer that closes itself
        own = {
            "group.id": "audit",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": isolation,
            "queued.max.messages.kbytes": (self._fetched_mib or _WAITING_MIB) * 1024,
            "error_cb": lambda _: None,
        }
        answer = {} if self._fetched_mib is None else {"fetch.max.bytes": self._fetched_mib * 1024 * 1024}
        return closing(Consumer({**self._settings, **own, **answer}, logger=_SILENT))


def _unanswered(error: KafkaException) -> UnansweredError:
    reason = error.args[0].str() if error.args and isinstance(error.args[0], KafkaError) else type(error).__name__
    return UnansweredError(f"Kafka does not answer: {reason}")
