"""The topic by which signals reach the connector, and how far the connector has read it."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from pipeline.backfill.signals import Signal, read
from providers.operations import scrubbed
from providers.readable import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 15.0
_POLL_S: Final = 1.0


class ChannelError(Exception):
    """The topic of signals cannot be read or written; the message names the reason and the cure."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The topic of signals of one connector.

    Attributes:
        client: Settings of librdkafka for the cluster.
        topic: Name of the topic.
        group: Consumer group of the connector.
        key: Key of the records, by which a connector knows its own: the logical name of the source.
    """

    client: Mapping[str, Any] = field(repr=False)
    topic: str
    group: str
    key: str

    def send(self, signal: str) -> int:
        """Write a signal, and return its place once every copy has it.

        Raises:
            ChannelError: If it is not written in time.
        """
        offsets: list[int] = []
        problems: list[str] = []

        def written(error: object, message: Any) -> None:  # noqa: ANN401 - librdkafka's own
            if error is None:
                offsets.append(message.offset())
            else:
                problems.append(str(error))

        try:
            # an unknown topic fails at once: the program declares it
            producer = Producer({**self._settings(), "acks": "all", "message.timeout.ms": int(_SECONDS * 1000)})
            producer.produce(self.topic, key=self.key, value=signal, partition=0, on_delivery=written)
            producer.flush(_SECONDS + _POLL_S)
        except KafkaException as error:
            raise self._error(str(error)) from None
        if not offsets:
            raise self._error(problems[0] if problems else f"no answer within {_SECONDS:.0f} s")
        return offsets[0]

    def consumed(self) -> int:
        """Return the place of the first signal that the connector has not read.

        Raises:
            ChannelError: If the cluster does not answer.
        """
        try:
            with closing(Consumer({**self._settings(), "group.id": self.group, "enable.auto.commit": False})) as consumer:
                (found,) = consumer.committed([TopicPartition(self.topic, 0)], timeout=_SECONDS)
                return max(0, found.offset)
        except KafkaException as error:
            raise self._error(str(error)) from None

    def signals(self) -> list[Signal]:
        """Return the signals that the topic still holds.

        Raises:
            ChannelError: If the cluster does not answer.
        """
        partition, records = TopicPartition(self.topic, 0), []
        reader = {"group.id": f"{self.group}-status", "enable.auto.commit": False, "isolation.level": "read_committed"}
        try:
            with closing(Consumer({**self._settings(), **reader})) as consumer:
                first, end = consumer.get_watermark_offsets(partition, timeout=_SECONDS)
                partition.offset = first
                consumer.assign([partition])
                deadline = time.monotonic() + _SECONDS
                while first < end and consumer.position([partition])[0].offset < end and time.monotonic() < deadline:
                    records += [
                        (message.offset() or 0, message.value() or b"")
                        for message in consumer.consume(100, _POLL_S)
                        if message.error() is None
                    ]
        except KafkaException as error:
            raise self._error(str(error)) from None
        return read(records)

    def _settings(self) -> dict[str, Any]:
        return {**self.client, "log_level": 0, "error_cb": lambda _: None}

    def _error(self, reason: str) -> ChannelError:
        said = scrubbed(one_line(reason, 300), [str(self.client.get("sasl.password", ""))])
        return ChannelError(
            f"the topic {self.topic} at {self.client['bootstrap.servers']} cannot be used ({said}): see that the brokers can be reached, "
            "and that the stack was brought up since backfills exist"
        )
