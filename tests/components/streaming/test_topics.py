"""Topics as data, and the disk they may take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.ecommerce import TABLES
from components.names import BROKERS, Names
from components.streaming.topics import TopicSettings, TopicSpec, change_topics, disk_mib, iceberg_topics, support_topics

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
    """Only closed segments end; one of the default size would hold a quiet topic for ever."""
    for topic in [*change_topics(NAMES, TABLES, TopicSettings()), *support_topics(NAMES), *iceberg_topics(NAMES)]:
        assert int(topic.config["segment.bytes"]) <= 16 * MIB
        if topic.config["cleanup.policy"] == "delete":
            assert int(topic.config["segment.ms"]) <= int(topic.config["retention.ms"]) / 10
            assert int(topic.config["segment.bytes"]) <= int(topic.config["retention.bytes"])


def test_names_are_unique_and_every_broker_has_a_copy() -> None:
    made = [*change_topics(NAMES, TABLES, TopicSettings()), *support_topics(NAMES), *iceberg_topics(NAMES)]
    assert len({topic.name for topic in made}) == len(made)
    assert {topic.replication_factor for topic in made} == {BROKERS}


def bounded(retention: int, partitions: int) -> TopicSpec:
    """A topic that ends by size."""
    return TopicSpec("t", partitions, {"retention.bytes": str(retention * MIB)})


@given(retention=st.integers(1, 1000), partitions=st.integers(1, 50))
def test_a_partition_holds_its_retention_and_the_open_segment(retention: int, partitions: int) -> None:
    assert disk_mib([bounded(retention, partitions)]) == partitions * (retention + 16)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 9)), max_size=6))
def test_the_disk_is_the_sum_of_the_topics(shapes: list[tuple[int, int]]) -> None:
    made = [bounded(*shape) for shape in shapes]
    assert disk_mib(made) == sum(disk_mib([topic]) for topic in made)


def test_a_topic_without_a_bound_is_not_counted_as_free() -> None:
    endless = TopicSpec("journal", 1, {"cleanup.policy": "delete", "retention.bytes": "-1"})
    compacted = TopicSpec("offsets", 1, {"cleanup.policy": "compact"})
    assert disk_mib([endless]) >= disk_mib([compacted]) == 32
