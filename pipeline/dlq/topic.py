"""The dead-letter topic of a running stack, read to its end."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pipeline.dlq.ledger import Count, Ledger, ledger, unread, without_values
from pipeline.dlq.letter import Place, Record
from providers.operations import scrubbed
from providers.readable import one_line
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_Result = TypeVar("_Result")

GROUP: Final = "dead-letters"
"""Consumer group whose position in a partition is the offset below which no letter is open; its lag is at least what is open."""

_ANSWER_S: Final = 10.0
_SILENCE_S: Final = 30.0
_AT_ONCE: Final = 500


class TopicError(Exception):
    """The cluster did not answer as expected; the message names the reason in one line."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of every partition.

    Attributes:
        begins: First offset that the partition still holds.
        ends: Offset behind its last committed record.
        settled: Position of ``GROUP``, where it has one.
    """

    begins: Mapping[int, int]
    ends: Mapping[int, int]
    settled: Mapping[int, int]

    @property
    def expired(self) -> int:
        """Most letters that retention may have deleted while they were open."""
        return unread(self.begins, self.settled)

    def starts(self, *, settled_too: bool) -> dict[int, int]:
        """Return where to begin reading."""
        if settled_too:
            return dict(self.begins)
        # a position behind the end is of a topic that was there before under this name
        known = {partition: offset for partition, offset in self.settled.items() if offset <= self.ends[partition]}
        return {partition: max(begin, known.get(partition, begin)) for partition, begin in self.begins.items()}


@dataclass(frozen=True, slots=True)
class DeadLetterTopic:
    """A dead-letter topic.

    Attributes:
        settings: Settings of librdkafka for the cluster.
        name: Its name.
    """

    settings: Mapping[str, Any]
    name: str

    def read(self) -> Ledger:
        """Return all letters and what was done with them.

        Raises:
            TopicError: If the cluster does not answer.
        """

        def work(consumer: Any) -> Ledger:  # noqa: ANN401 - loaded late
            bounds = self._bounds(consumer)
            return ledger(self._records(consumer, bounds, bounds.starts(settled_too=True)), bounds.expired, bounds.ends)

        return self._answer(work)

    def count(self, seconds: float = _ANSWER_S) -> Count:
        """Return how many letters are open, and how many retention may have deleted while they were.

        Costs three questions where nothing is open; otherwise everything is read and only places are kept.

        Raises:
            TopicError: If the cluster does not answer.
        """

        def work(consumer: Any) -> Count:  # noqa: ANN401 - loaded late
            bounds = self._bounds(consumer, seconds)
            # first what came since; where something of it seems to be open, all, since it may repeat a settled letter
            for settled_too in (False, True):
                read = self._records(consumer, bounds, bounds.starts(settled_too=settled_too))
                number = len(ledger(without_values(read)).open)
                if not number:
                    break
            return Count(number, bounds.expired)

        return self._answer(work)

    def outline(self, before: Ledger | None = None) -> Ledger:
        """Return all letters without values, and what was done with them.

        Args:
            before: An earlier outline, which is returned again where nothing has come and nothing has expired since.

        Raises:
            TopicError: If the cluster does not answer.
        """

        def work(consumer: Any) -> Ledger:  # noqa: ANN401 - loaded late
            bounds = self._bounds(consumer)
            if before is not None and (before.ends, before.expired) == (bounds.ends, bounds.expired):
                return before
            return ledger(without_values(self._records(consumer, bounds, bounds.starts(settled_too=True))), bounds.expired, bounds.ends)

        return self._answer(work)

    def settle(self, offsets: Mapping[int, int], reason: str = "") -> None:
        """Store the offsets below which no letter is open. Marks alone say what is; this makes the next count cheap.

        Raises:
            TopicError: If the cluster does not answer.
        """
        from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load

        positions = [TopicPartition(self.name, partition, offset, reason) for partition, offset in sorted(offsets.items())]
        self._answer(lambda consumer: consumer.commit(offsets=positions, asynchronous=False))

    def partitions(self, topic: str) -> int:
        """Return the number of partitions of any topic; 0 if there is none of this name.

        Raises:
            TopicError: If the cluster does not answer.
        """
        return self._answer(lambda consumer: len(consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions))

    def _bounds(self, consumer: Any, seconds: float = _ANSWER_S) -> Bounds:  # noqa: ANN401 - loaded late
        from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load

        partitions = sorted(consumer.list_topics(self.name, timeout=seconds).topics[self.name].partitions)
        if not partitions:
            message = f"the topic {self.name} does not exist on {self.settings['bootstrap.servers']}: 'up' creates it"
            raise TopicError(message)
        named = [TopicPartition(self.name, number) for number in partitions]
        marks = {one.partition: consumer.get_watermark_offsets(one, timeout=_ANSWER_S) for one in named}
        stored = {one.partition: one.offset for one in consumer.committed(named, timeout=_ANSWER_S) if one.offset >= 0}
        return Bounds({number: low for number, (low, _) in marks.items()}, {number: high for number, (_, high) in marks.items()}, stored)

    def _records(self, consumer: Any, bounds: Bounds, starts: Mapping[int, int]) -> Iterator[Record]:  # noqa: ANN401 - loaded late
        from confluent_kafka import KafkaError, KafkaException, TopicPartition  # noqa: PLC0415 - slow to load

        waiting = {partition for partition, start in starts.items() if start < bounds.ends[partition]}
        consumer.assign([TopicPartition(self.name, partition, starts[partition]) for partition in sorted(waiting)])
        silence = Patience(_SILENCE_S)
        while waiting:
            messages = consumer.consume(_AT_ONCE, 1.0)
            if not messages and silence.over:
                message = f"the brokers have sent nothing of {self.name} for {_SILENCE_S:.0f} s"
                raise TopicError(message)
            if messages:
                silence = Patience(_SILENCE_S)
            for message in messages:
                error = message.error()
                if error is None and message.offset() < bounds.ends[message.partition()]:
                    yield _record(message)
                elif error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    waiting.discard(message.partition())
                elif error is not None:
                    raise KafkaException(error)

    def _answer(self, work: Callable[[Any], _Result]) -> _Result:
        from confluent_kafka import Consumer, KafkaException  # noqa: PLC0415 - slow to load

        own = {
            "group.id": GROUP,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 50,
            "log_level": 0,
            "error_cb": lambda _: None,
        }
        try:
            with closing(Consumer({**self.settings, **own})) as consumer:
                return work(consumer)
        except KafkaException as error:
            raise TopicError(self.reason(error)) from None

    def reason(self, error: Exception) -> str:
        """Return an error of the Kafka client in one line, without the password."""
        why = scrubbed(one_line(str(error), 300), [str(self.settings.get("sasl.password", ""))])
        return f"Kafka at {self.settings['bootstrap.servers']} does not do as asked: {why}"


def _record(message: Any) -> Record:  # noqa: ANN401 - loaded late
    headers = tuple((name, value.encode() if isinstance(value, str) else value) for name, value in message.headers() or [])
    return Record(Place(message.partition(), message.offset()), message.timestamp()[1], message.key(), message.value(), headers)
