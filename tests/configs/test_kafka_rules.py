"""Brokers and topics that lose acknowledged rows are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from stack.configs.kafka_rules import broker_problems, topic_problems
from stack.settings.shop import TABLES
from stack.settings.streaming import TopicSettings
from stack.specification.streaming import registry
from stack.specification.streaming.topics import change_topics, iceberg_topics, support_topics
from tests.connector_configs import BROKER, NAMES, TOPIC, changed

EMPTIED = ("/tmp", "/var/tmp/x", "/dev/shm/x", "//tmp", "/a/../tmp", "/data,/run/x")  # noqa: S108 - the wrong folders
DECLARED = [
    *change_topics(NAMES, TABLES, TopicSettings()),
    *support_topics(NAMES, TopicSettings()),
    *iceberg_topics(NAMES),
    *registry.topics("apicurio"),
]


def test_what_the_program_renders_loses_nothing() -> None:
    assert broker_problems(BROKER) == []


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_every_declared_topic_is_right(topic: registry.TopicSpec) -> None:
    assert topic_problems(topic.name, topic.config, topic.replication_factor) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("default.replication.factor", "1", "created without a number"),
        ("default.replication.factor", None, "created without a number"),
        ("min.insync.replicas", None, "acknowledged with one copy"),
        ("min.insync.replicas", "3", "stops every write"),
        ("transaction.state.log.min.isr", "3", "stops every transaction"),
        ("offsets.topic.replication.factor", "1", "the read positions of all sinks"),
        ("transaction.state.log.replication.factor", "1", "exactly-once delivery depends on this topic"),
        ("transaction.state.log.min.isr", "1", "acknowledged with one copy"),
        ("auto.create.topics.enable", None, "a misspelt topic name creates a topic"),
        ("unclean.leader.election.enable", "true", "could become leader"),
        ("log.cleaner.enable", "false", "grow without limit"),
        ("delete.topic.enable", "false", "cannot be deleted"),
        ("log.dirs", "/tmp/kafka", "emptied at a restart"),  # noqa: S108 - the wrong value
        *(("log.dirs", folder, "emptied at a restart") for folder in EMPTIED),
        ("metadata.log.dir", "/tmp/meta", "the state of the cluster"),  # noqa: S108 - the wrong value
        ("ssl.keystore.password", "hunter2", "is a credential in plain text"),
    ],
)
def test_each_broker_that_loses_rows_is_refused(key: str, value: str | None, told: str) -> None:
    (problem,) = broker_problems(changed(BROKER, **{key: value}))
    assert problem.key == key
    assert told in str(problem)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("min.insync.replicas", None, "acknowledged with one copy"),
        ("min.insync.replicas", "3", "stops every write"),
        ("unclean.leader.election.enable", "true", "could become leader"),
        ("cleanup.policy", "compact", "earlier changes of a row"),
        ("cleanup.policy", "compact,delete", "earlier changes of a row"),
        ("retention.ms", "0604800000", "the broker reports it as '604800000'"),
        ("retention.bytes", " 1048576", "the broker reports it as '1048576'"),
        ("preallocate", "TRUE", "the broker reports it as 'true'"),
    ],
)
def test_each_topic_that_loses_rows_is_refused(key: str, value: str | None, told: str) -> None:
    (problem,) = topic_problems("postgres.public.users", changed(TOPIC, **{key: value}))
    assert str(problem).startswith(f"topic postgres.public.users: {key}")
    assert told in str(problem)


def test_one_copy_is_refused_and_the_clusters_own_number_is_not() -> None:
    (problem,) = topic_problems("a", TOPIC, 1)
    assert "replication.factor = 1" in str(problem)
    assert topic_problems("a", TOPIC, -1) == []


@pytest.mark.parametrize("name", ["connect-configs", "connect-offsets", "connect-status"])
def test_connects_own_topics_must_keep_the_last_value(name: str) -> None:
    (problem,) = topic_problems(name, TOPIC)
    assert "set compact" in str(problem)
    assert topic_problems(name, changed(TOPIC, **{"cleanup.policy": "compact"})) == []


def test_a_topic_of_others_may_be_compacted() -> None:
    compacted = changed(TOPIC, **{"cleanup.policy": "compact"})
    assert topic_problems("billing.balances", compacted, is_foreign=True) == []
    assert topic_problems("connect-offsets", TOPIC, is_foreign=True) != []


@pytest.mark.parametrize("folder", ["/var/lib/kafka/data", "/data/tmp", "/temporary", "/developer/kafka"])
def test_a_folder_on_a_volume_is_accepted(folder: str) -> None:
    assert broker_problems(changed(BROKER, **{"log.dirs": folder, "metadata.log.dir": folder})) == []


@pytest.mark.parametrize("name", ["schema-changes.postgres", "postgres.schema-history"])
def test_a_schema_history_is_not_used_by_postgresql(name: str) -> None:
    (problem,) = topic_problems(name, changed(TOPIC, **{"cleanup.policy": "compact"}))
    assert "keeps no schema history" in str(problem)
