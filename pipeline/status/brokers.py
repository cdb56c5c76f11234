"""Look at the Kafka cluster: brokers, partitions of the pipeline's topics with their ends, positions of the sink's group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Brokers
from providers.kafkaconnect import librdkafka
from providers.operations import ProviderError
from stack.configs.topics import sink_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.description.stack import Description

_ANSWER_S: Final = 10.0


def change_topics(stack: Description) -> dict[str, str]:
    """Return the change topic of each table, with the table's qualified name."""
    return {stack.names.topic(table): table.qualified for table in stack.tables}


def topics(stack: Description) -> tuple[str, ...]:
    """Return the topics that rows pass through: those of changes, of dead letters, and of the sink's commits."""
    names = stack.names
    control = [one.control_topic for one in stack.sinks] if stack.format == "iceberg" else []
    return (*change_topics(stack), names.dead_letter_topic, *control)


def look(stack: Description) -> Brokers | Unanswered:
    """Return what the cluster says; positions are asked before the ends, which only grow."""
    settings = stack.kafka()
    read = {sink_group(one.connector): one.topics for one in stack.sinks}
    try:
        return librdkafka.answered(settings, 4 * _ANSWER_S, lambda: asked(settings, topics(stack), read, stack.brokers))
    except (librdkafka.UnansweredError, ProviderError) as error:
        return Unanswered(f"the brokers do not answer: {error}")


def asked(settings: Mapping[str, Any], wanted: Sequence[str], read: Mapping[str, Sequence[str]], expected: int) -> Brokers:
    """Ask a cluster.

    Args:
        settings: Settings of librdkafka for the cluster.
        wanted: The pipeline's topics.
        read: Those that each sink reads, by its consumer group, which is not joined.
        expected: Number of brokers that the stack declares.

    Raises:
        KafkaException: If it does not answer.
    """
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load

    stored: list[TopicPartition] = []
    with librdkafka.consumer({**settings, "isolation.level": "read_committed"}, "status") as member:
        # all topics: a question for one topic would create it on brokers that allow it
        known = member.list_topics(timeout=_ANSWER_S)
        found = {name: known.topics[name] for name in wanted if name in known.topics and known.topics[name].error is None}
        parts = {(name, number): part for name, topic in found.items() for number, part in sorted(topic.partitions.items())}
        led = [place for place, part in parts.items() if part.leader >= 0]
        for group, names in read.items():
            with librdkafka.consumer(settings, group) as asking:
                stored += asking.committed([TopicPartition(*place) for place in led if place[0] in names], timeout=_ANSWER_S)
        bounds = {place: member.get_watermark_offsets(TopicPartition(*place), timeout=_ANSWER_S) for place in led}
    return Brokers(
        there=len(known.brokers),
        expected=expected,
        under_replicated=tuple(place for place, part in parts.items() if len(part.isrs) < len(part.replicas)),
        leaderless=tuple(place for place in parts if place not in led),
        missing=tuple(name for name in wanted if name not in found),
        begins={place: low for place, (low, _) in bounds.items()},
        ends={place: high for place, (_, high) in bounds.items()},
        committed={(one.topic, one.partition): one.offset for one in stored if one.offset >= 0},
    )
