"""Faults of topics: filled, poisoned, bounded, emptied, and led by a copy that lags."""

from __future__ import annotations

import os
import time

from confluent_kafka import ElectionType, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

_PIECE = 900 * 1024


def fill(servers: str, topic: str, size: int) -> None:
    """Write a size into a topic of one partition and one copy, without a bound."""
    admin = AdminClient({"bootstrap.servers": servers})
    unbounded = {"retention.ms": "-1", "retention.bytes": "-1", "min.insync.replicas": "1"}
    admin.create_topics([NewTopic(topic, 1, 1, config=unbounded)])[topic].result(30)
    producer = Producer({"bootstrap.servers": servers, "queue.buffering.max.kbytes": 65536, "acks": "1", "linger.ms": 5})
    piece = os.urandom(_PIECE)
    for _ in range(size // _PIECE):
        while True:
            try:
                producer.produce(topic, piece)
                # the disk has other users
                time.sleep(0.03)
                break
            except BufferError:
                producer.poll(1)
    assert producer.flush(300) == 0


def remove(servers: str, topic: str) -> None:
    """Delete a topic, if it is there."""
    admin = AdminClient({"bootstrap.servers": servers})
    if topic in admin.list_topics(timeout=10).topics:
        admin.delete_topics([topic])[topic].result(30)


def poison(servers: str, topic: str, number: int, size: int = 100) -> None:
    """Write records that nobody can decode."""
    producer = Producer({"bootstrap.servers": servers})
    for _ in range(number):
        producer.produce(topic, value=b"poison" + os.urandom(size))
    assert producer.flush(60) == 0


def bound_records(servers: str, topic: str, size: int) -> None:
    """Let a topic take no larger record, as somebody does by hand."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    # by a name: a client without one ends before the brokers have answered
    admin = AdminClient({"bootstrap.servers": servers})
    admin.incremental_alter_configs([resource])[resource].result(30)


def delete_read(servers: str, topic: str) -> None:
    """Delete every record of a topic, as its retention does."""
    admin = AdminClient({"bootstrap.servers": servers})
    ends = [TopicPartition(topic, number, -1) for number in admin.list_topics(topic, timeout=10).topics[topic].partitions]
    for done in admin.delete_records(ends).values():
        done.result(30)


def spread(servers: str, topic: str) -> None:
    """Create a topic of three partitions with three copies each, of which one in sync is enough.

    With two, Kafka remembers which copies lack nothing that was acknowledged (KIP-966), and elects one of these in place of none.
    """
    new = NewTopic(topic, 3, 3, config={"min.insync.replicas": "1"})
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([new])[topic].result(30)


def write_each(servers: str, topic: str) -> None:
    """Write a record into each partition, which its leader alone has to take: a copy lags behind something only."""
    producer = Producer({"bootstrap.servers": servers, "acks": "1"})
    for number in AdminClient({"bootstrap.servers": servers}).list_topics(topic, timeout=10).topics[topic].partitions:
        producer.produce(topic, value=b"drill", partition=number)
    assert producer.flush(30) == 0


def led_alone(servers: str, topic: str, broker: int) -> list[int]:
    """Return the partitions of a topic of which a broker has the only copy in sync."""
    found = AdminClient({"bootstrap.servers": servers}).list_topics(topic, timeout=10).topics[topic].partitions
    return [number for number, one in found.items() if list(one.isrs) == [broker]]


def elect_unclean(servers: str, topic: str, partitions: list[int]) -> None:
    """Let a copy that lags become leader, as a tool does it by hand."""
    admin = AdminClient({"bootstrap.servers": servers})
    admin.elect_leaders(ElectionType.UNCLEAN, [TopicPartition(topic, number) for number in partitions]).result(30)
