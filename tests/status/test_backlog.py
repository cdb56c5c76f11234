"""The backlog is read where positions alone mislead: on the mock brokers that librdkafka carries itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline.epoch.facts import Unanswered
from pipeline.status import backlog, brokers
from pipeline.status.facts import Archived, Brokers, Lag, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS, ORDERS, LETTERS, GROUP = "postgres.public.users", "postgres.public.orders", "s3-sink-dlq", "connect-s3-sink-connector"
TOPICS = {USERS: "public.users", ORDERS: "public.orders"}
NOWHERE = "127.0.0.1:1"


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    """Yield the address of brokers with the topics, four partitions each."""
    running = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": NOWHERE})
    servers = ",".join(f"{one.host}:{one.port}" for one in running.list_topics(timeout=10).brokers.values())
    for name in (USERS, ORDERS, LETTERS):
        assert len(running.list_topics(name, timeout=10).topics[name].partitions) == 4
    yield {"bootstrap.servers": servers}
    running.flush()


def write(settings: dict[str, Any], *values: bytes | None, topic: str = USERS, partition: int = 0, at_ms: int = 0) -> None:
    producer = Producer(settings)
    for value in values:
        producer.produce(topic, value, b"key", partition=partition, timestamp=at_ms)
    assert producer.flush(10) == 0


def commit(settings: dict[str, Any], offset: int, topic: str = USERS, partition: int = 0) -> None:
    consumer = Consumer({**settings, "group.id": GROUP})
    consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
    consumer.close()


def asked(settings: dict[str, Any]) -> Brokers:
    return brokers.asked(settings, (USERS, ORDERS, LETTERS, "missing"), {GROUP: (USERS, ORDERS)}, 3)


def archived(**offsets: int) -> Archived:
    """Return a table of which partitions are archived up to some offsets."""
    return Archived(
        epoch=1, rows=1, files=1, committed=1.0, offsets={int(name.removeprefix("p")): offset for name, offset in offsets.items()}
    )


def lags(settings: dict[str, Any]) -> Any:
    return backlog.lags(settings, asked(settings), set(TOPICS), 10)


def waiting(settings: dict[str, Any], users: Archived, aside: frozenset[tuple[str, int, int]] = frozenset()) -> Any:
    return backlog.waiting(settings, asked(settings), TOPICS, {"public.users": users, "public.orders": archived()}, aside, 10)


def test_brokers_tell_ends_positions_and_topics_that_are_missing(settings: dict[str, Any]) -> None:
    write(settings, b"1", b"2")
    commit(settings, 1)
    found = asked(settings)
    assert (found.there, found.expected, found.missing, found.leaderless, found.under_replicated) == (3, 3, ("missing",), (), ())
    assert found.ends[USERS, 0] == 2
    assert found.ends[LETTERS, 3] == 0
    assert found.committed == {(USERS, 0): 1}


def test_a_topic_is_behind_by_its_first_unread_record(settings: dict[str, Any]) -> None:
    for at in (1000, 2000, 3000):
        write(settings, b"x", at_ms=at * 1000)
    commit(settings, 1)
    found = lags(settings)
    assert found[USERS, 0] == Lag(records=2, since=2000.0)
    assert found[USERS, 1] == Lag(records=0)
    assert found[ORDERS, 0] == Lag(records=0), "an idle topic is not behind"


def test_a_group_without_position_is_behind_from_the_beginning(settings: dict[str, Any]) -> None:
    write(settings, b"x", at_ms=5_000_000)
    assert lags(settings)[USERS, 0] == Lag(records=1, since=5000.0)


def test_what_only_markers_follow_is_not_behind(settings: dict[str, Any]) -> None:
    """Tombstones stand for the marks of transactions, which the mock brokers do not write: neither is a row."""
    write(settings, b"x", None, None)
    commit(settings, 1)
    assert lags(settings)[USERS, 0] == Lag(records=0)
    assert waiting(settings, archived(p0=0))["public.users"] == Waiting(since=None)


def test_offsets_that_retention_has_deleted_are_counted() -> None:
    place = (USERS, 0)
    seen = Brokers(there=1, expected=1, begins={place: 30}, ends={place: 30}, committed={place: 10})
    assert backlog.lags({"bootstrap.servers": NOWHERE}, seen, {USERS}, 1) == {place: Lag(records=0, deleted=20)}


def test_a_change_waits_until_the_archive_has_it_whatever_the_sink_has_committed(settings: dict[str, Any]) -> None:
    """The sink's position runs ahead of its commits; a coordinator that has died leaves it ahead for ever."""
    for at in (1000, 2000):
        write(settings, b"x", at_ms=at * 1000)
    commit(settings, 2)
    assert lags(settings)[USERS, 0] == Lag(records=0)
    assert waiting(settings, archived(p0=0)) == {"public.users": Waiting(since=2000.0), "public.orders": Waiting(since=None)}
    assert waiting(settings, archived(p0=1))["public.users"] == Waiting(since=None)
    assert waiting(settings, archived())["public.users"] == Waiting(since=1000.0), "nothing of the partition is archived"


def test_a_dead_letter_does_not_wait(settings: dict[str, Any]) -> None:
    for at in (1000, 2000):
        write(settings, b"x", at_ms=at * 1000)
    assert waiting(settings, archived(p0=0), frozenset({(USERS, 0, 1)}))["public.users"] == Waiting(since=None)
    assert waiting(settings, archived(), frozenset({(USERS, 0, 0)}))["public.users"] == Waiting(since=2000.0)


def test_the_oldest_of_all_partitions_counts(settings: dict[str, Any]) -> None:
    write(settings, b"x", at_ms=9_000_000)
    write(settings, b"x", partition=2, at_ms=7_000_000)
    assert waiting(settings, archived())["public.users"] == Waiting(since=7000.0)


def test_a_cluster_that_gives_no_record_in_time_is_a_reason_and_no_zero(settings: dict[str, Any]) -> None:
    write(settings, b"x")
    found, began = asked(settings), time.monotonic()
    away = {"bootstrap.servers": NOWHERE}
    lag = backlog.lags(away, found, set(TOPICS), 0.5)
    assert isinstance(lag, Unanswered)
    assert f"{USERS}/0" in lag.reason
    table = backlog.waiting(away, found, TOPICS, {"public.users": archived()}, frozenset(), 0.5)["public.users"]
    assert isinstance(table, Unanswered)
    assert time.monotonic() - began < 20
