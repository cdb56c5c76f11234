"""Positions and records of Kafka's topics, as a test's own consumer reads them."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable


def ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """Return the next offset of each partition of a topic."""
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    return {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in partitions}


def held(servers: str, topic: str, timeout_s: float) -> list[Message]:
    """Return the committed records that a topic has now."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": f"test-{uuid.uuid4().hex}", "enable.partition.eof": True})
    try:
        unread = set(ends(consumer, topic))
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unread])
        found, deadline = list[Message](), time.monotonic() + timeout_s
        while unread:
            assert time.monotonic() < deadline, f"{topic} was not read in {timeout_s:.0f} s"
            message = consumer.poll(1.0)
            error = message.error() if message is not None else None
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition())
            elif message is not None and error is None:
                found.append(message)
        return found
    finally:
        consumer.close()


def write_again(servers: str, topic: str, messages: Iterable[Message]) -> None:
    """Write records as they were, with their headers, each to its partition."""
    producer = Producer({"bootstrap.servers": servers})
    for one in messages:
        producer.produce(topic, value=one.value(), key=one.key(), headers=one.headers(), partition=one.partition())
    assert producer.flush(60) == 0
