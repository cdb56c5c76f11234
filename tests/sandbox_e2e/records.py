"""Positions in Kafka's topics, as a test's own consumer reads them."""

from __future__ import annotations

from confluent_kafka import Consumer, TopicPartition


def ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """Return the next offset of each partition of a topic."""
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    return {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in partitions}
