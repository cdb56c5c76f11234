"""The dead-letter topic and the transactions, on the mock brokers that librdkafka carries itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline.dlq.ledger import Count, State
from pipeline.dlq.letter import REPLAYS_HEADER
from pipeline.dlq.topic import GROUP, DeadLetterTopic, TopicError
from pipeline.dlq.writing import Writer, batches
from tests.dead_letters.letters import KEY, TOPIC, VALUE, dead, errors

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "s3-sink-dlq"
NOWHERE = "127.0.0.1:1"


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    """Yield the address of brokers with both topics."""
    running = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": NOWHERE})
    broker = running.list_topics(timeout=10).brokers[1]
    found = {"bootstrap.servers": f"{broker.host}:{broker.port}"}
    # they create what they are asked for, with four partitions
    for name in (NAME, TOPIC):
        assert len(running.list_topics(name, timeout=10).topics[name].partitions) == 4
    yield found
    running.flush()


def write(settings: dict[str, Any], *letters: tuple[int, Any]) -> None:
    """Write dead letters to partitions."""
    producer = Producer(settings)
    for partition, headers in letters:
        producer.produce(NAME, VALUE, KEY, partition=partition, headers=list(headers))
    assert producer.flush(10) == 0


def originals(settings: dict[str, Any]) -> list[Any]:
    """Return what is in the original topic."""
    consumer = Consumer({**settings, "group.id": "test", "enable.partition.eof": True, "isolation.level": "read_committed"})
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(4)])
    found, ends = [], 0
    while ends < 4:
        message = consumer.poll(10)
        assert message is not None
        if message.error() is None:
            found.append(message)
        else:
            ends += 1
    consumer.close()
    return found


def test_a_replay_puts_the_original_record_back_on_its_partition_and_marks_the_letter(settings: dict[str, Any]) -> None:
    write(settings, (0, (("own", b"1"), *errors(partition=3))), (1, errors(offset=41)), (0, errors(offset=42)))
    topic, done = DeadLetterTopic(settings, NAME), list[int]()
    writer = Writer(topic, done.append)
    writer.open()
    writer.replay([topic.read().letters[0]])
    (found,) = originals(settings)
    assert (found.key(), found.value(), found.partition()) == (KEY, VALUE, 3)
    assert found.headers() == [("own", b"1"), (REPLAYS_HEADER, b"1")]
    assert topic.read().counts == {State.OPEN: 2, State.REPLAYED: 1, State.DROPPED: 0}
    assert topic.count() == Count(2)
    assert done == [1]


def test_a_replay_to_a_partition_that_is_gone_goes_where_the_key_belongs(settings: dict[str, Any]) -> None:
    """As the source's Java client would choose: murmur2 of the key, without its sign, by four partitions."""
    write(settings, (0, errors(partition=17)))
    topic = DeadLetterTopic(settings, NAME)
    writer = Writer(topic, lambda _: None)
    writer.open()
    writer.replay(topic.read().letters)
    (found,) = originals(settings)
    assert found.partition() == murmur2(KEY) % 4


def murmur2(data: bytes) -> int:
    """Return Kafka's hash of a key: org.apache.kafka.common.utils.Utils.murmur2, made positive."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def test_dropped_letters_keep_their_bytes_and_the_reason(settings: dict[str, Any]) -> None:
    write(settings, (0, errors()), (1, errors(offset=41)))
    topic = DeadLetterTopic(settings, NAME)
    writer = Writer(topic, lambda _: None)
    writer.open()
    writer.drop(topic.read().letters, "a test wrote them")
    after = topic.read()
    assert after.counts == {State.OPEN: 0, State.REPLAYED: 0, State.DROPPED: 2}
    assert {one.reason for one in after.marks.values()} == {"a test wrote them"}
    assert [one.record.value for one in after.letters] == [VALUE, VALUE]
    assert originals(settings) == []


def test_the_position_of_the_group_makes_a_count_read_only_what_came_since(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(settings, (0, errors()), (1, errors(offset=41)))
    topic = DeadLetterTopic(settings, NAME)
    writer = Writer(topic, lambda _: None)
    writer.open()
    writer.drop(topic.read().letters[:1], "x")
    topic.settle(topic.read().settled)
    stored = Consumer({**settings, "group.id": GROUP}).committed([TopicPartition(NAME, number) for number in (0, 1)], timeout=10)
    assert [one.offset for one in stored] == [topic.read().ends[0], 0]
    assert topic.count() == Count(1)
    writer.drop(topic.read().open, "x")
    topic.settle(topic.read().settled)
    read = list[int]()
    records = DeadLetterTopic._records

    def counted(*arguments: Any) -> Iterator[Any]:
        for one in records(*arguments):
            read.append(one.place.offset)
            yield one

    monkeypatch.setattr(DeadLetterTopic, "_records", counted)
    assert topic.count() == Count(0)
    assert read == []


def test_without_brokers_or_the_topic_the_reason_is_told(settings: dict[str, Any]) -> None:
    without = SimpleNamespace(list_topics=lambda *_, **__: SimpleNamespace(topics={NAME: SimpleNamespace(partitions={})}))
    with pytest.raises(TopicError, match=f"the topic {NAME} does not exist"):
        DeadLetterTopic(settings, NAME)._bounds(without)
    with pytest.raises(TopicError, match=NOWHERE):
        DeadLetterTopic({"bootstrap.servers": NOWHERE, "sasl.password": "secret"}, NAME).count(0.3)


def test_transactions_are_bounded_by_number_and_by_bytes() -> None:
    small = [dead(number) for number in range(450)]
    assert [len(group) for group in batches(small)] == [200, 200, 50]
    large = [dead(number, value=bytes(3 * 1024 * 1024)) for number in range(3)]
    assert [len(group) for group in batches(large)] == [1, 1, 1]
    assert list(batches([])) == []


def test_an_outline_counts_without_values_and_is_given_again_while_nothing_comes(settings: dict[str, Any]) -> None:
    write(settings, (0, errors()), (1, errors(offset=41)))
    topic = DeadLetterTopic(settings, NAME)
    first = topic.outline()
    assert first.counts == {State.OPEN: 2, State.REPLAYED: 0, State.DROPPED: 0}
    assert {one.origin.offset for one in first.letters if one.origin} == {one.origin.offset for one in topic.read().letters if one.origin}
    assert [one.record.value for one in first.letters] == [None, None]
    assert topic.outline(first) is first
    write(settings, (0, errors(offset=77)))
    assert topic.outline(first).counts[State.OPEN] == 3
