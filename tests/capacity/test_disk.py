"""Disk space of Kafka's logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.disk import JOURNAL_MIB, Topic, broker_bytes, internal_bytes, partition_bytes, waiting_bytes
from stack.settings.names import Names
from stack.specification.services import Address
from stack.specification.streaming.kafka import server_properties

MIB = 2**20
BROKER = server_properties(Names(), 0, Address(host="127.0.0.1", port=9092))
SEGMENT = 16


def topic(name: str = "t", partitions: int = 1, copies: int = 3, **config: str) -> Topic:
    """Return a topic; underscores in keys stand for dots."""
    return Topic(name, partitions, copies, {key.replace("_", "."): value for key, value in config.items()})


@given(retention=st.integers(0, 1000))
def test_a_partition_holds_its_retention_and_the_open_segment(retention: int) -> None:
    assert partition_bytes(topic(retention_bytes=str(retention * MIB)), BROKER) == (retention + SEGMENT) * MIB


def test_a_topic_says_what_the_broker_does_not() -> None:
    assert partition_bytes(topic(retention_bytes=str(MIB), segment_bytes=str(MIB)), BROKER) == 2 * MIB
    assert partition_bytes(topic(retention_bytes=str(MIB)), {}) == 1025 * MIB
    assert partition_bytes(topic(), {"log.retention.bytes": str(MIB), "log.segment.bytes": str(MIB)}) == 2 * MIB


def test_a_compacted_topic_counts_two_segments() -> None:
    assert partition_bytes(topic(cleanup_policy="compact"), BROKER) == 2 * SEGMENT * MIB
    assert partition_bytes(topic(), {"log.cleanup.policy": "compact", "log.segment.bytes": str(MIB)}) == 2 * MIB


@pytest.mark.parametrize(
    "config", [{}, {"retention_bytes": "-1"}, {"retention_bytes": "-1", "retention_ms": "-1"}, {"retention_ms": "1000"}]
)
def test_time_alone_bounds_nothing(config: dict[str, str]) -> None:
    assert partition_bytes(topic(**config), BROKER) is None
    assert broker_bytes([topic(**config)], BROKER, 3)[1] == ["t"]


def test_the_registrys_journal_may_keep_everything() -> None:
    assert partition_bytes(topic("registry-journal", retention_bytes="-1"), BROKER) == (JOURNAL_MIB + SEGMENT) * MIB


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 9), st.integers(1, 3)), max_size=6), st.integers(1, 5))
def test_a_broker_holds_its_share_of_the_copies(shapes: list[tuple[int, int, int]], brokers: int) -> None:
    topics = [topic(str(at), partitions, copies, retention_bytes=str(size * MIB)) for at, (size, partitions, copies) in enumerate(shapes)]
    held, unbounded = broker_bytes(topics, BROKER, brokers)
    expected = sum((size + SEGMENT) * MIB * partitions * copies / brokers for size, partitions, copies in shapes)
    assert expected <= held - internal_bytes(BROKER) - waiting_bytes(BROKER) < expected + len(shapes) + 1
    assert unbounded == []


def test_bytes_waiting_for_deletion_follow_from_the_brokers_own_intervals() -> None:
    slow = {**BROKER, "log.retention.check.interval.ms": "300000"}
    assert waiting_bytes(slow) - waiting_bytes(BROKER) == 4 * MIB * 285
    assert waiting_bytes({}) == 4 * MIB * 360
