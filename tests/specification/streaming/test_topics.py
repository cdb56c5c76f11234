"""Topics as data, and the disk space they may use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stack.settings.names import BROKERS, Names
from stack.settings.shop import TABLES
from stack.settings.streaming import TopicSettings
from stack.specification.streaming.topics import change_topics, iceberg_topics, on_existing_cluster, support_topics

NAMES = Names()
DAY_MS = 86_400_000
MIB = 2**20


@given(partitions=st.integers(1, 100), days=st.integers(1, 365), mib=st.integers(1, 10_000))
def test_settings_reach_every_change_topic(partitions: int, days: int, mib: int) -> None:
    made = change_topics(NAMES, TABLES, TopicSettings(partitions=partitions, retention_days=days, retention_mib=mib))
    assert [topic.name for topic in made] == [NAMES.topic(table) for table in TABLES]
    for topic in made:
        assert topic.partitions == partitions
        assert int(topic.config["retention.ms"]) == days * DAY_MS
        assert int(topic.config["retention.bytes"]) == mib * MIB


def test_changes_are_kept_for_a_week_and_never_compacted() -> None:
    """Compaction would drop all but the last change of a row."""
    for topic in change_topics(NAMES, TABLES, TopicSettings()):
        assert topic.partitions == 6
        assert topic.config["compression.type"] == "lz4"
        assert topic.config["cleanup.policy"] == "delete"
        assert int(topic.config["retention.ms"]) == 7 * DAY_MS


def test_segments_are_closed_often_enough_for_retention_to_bite() -> None:
    """Only closed segments are deleted; one of the default size would hold a quiet topic for ever."""
    for topic in [*change_topics(NAMES, TABLES, TopicSettings()), *support_topics(NAMES, TopicSettings()), *iceberg_topics(NAMES)]:
        assert int(topic.config["segment.bytes"]) <= 16 * MIB
        if topic.config["cleanup.policy"] == "delete":
            assert int(topic.config["segment.ms"]) <= int(topic.config["retention.ms"]) / 10
            assert int(topic.config["segment.bytes"]) <= int(topic.config["retention.bytes"])


def test_topics_of_an_existing_cluster_set_what_managed_services_take_and_what_the_user_adds() -> None:
    """Confluent Cloud refuses segment.bytes below 50 MiB, and compression.type; without them the promises hold."""
    extra = {"segment.bytes": "104857600"}
    made = [*change_topics(NAMES, TABLES, TopicSettings(extra=extra)), *support_topics(NAMES, TopicSettings()), *iceberg_topics(NAMES)]
    for topic, declared in zip(on_existing_cluster(made, extra), made, strict=True):
        allowed = {"cleanup.policy", "min.insync.replicas", "retention.ms", "retention.bytes", "max.message.bytes"}
        own = extra if topic.name in {NAMES.topic(table) for table in TABLES} else {}
        assert topic.config == {key: value for key, value in declared.config.items() if key in allowed} | own
        assert topic.config["min.insync.replicas"] == "2"
    assert on_existing_cluster(made, extra)[0].config["segment.bytes"] == "104857600"
    assert all("segment.bytes" not in topic.config for topic in on_existing_cluster(made, {}))


def test_names_are_unique_and_every_broker_has_a_copy() -> None:
    made = [*change_topics(NAMES, TABLES, TopicSettings()), *support_topics(NAMES, TopicSettings()), *iceberg_topics(NAMES)]
    assert len({topic.name for topic in made}) == len(made)
    assert {topic.replication_factor for topic in made} == {BROKERS}
