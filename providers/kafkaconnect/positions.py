"""Committed positions of a consumer group, read and written by librdkafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from providers.kafkaconnect.librdkafka import answered, consumer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SECONDS: Final = 10.0


def without_position(settings: Mapping[str, Any], group: str, topic: str, partitions: int) -> list[int]:
    """Return the partitions of a topic in which a group has no committed position.

    Args:
        settings: Settings of librdkafka for the cluster.
        group: Consumer group.
        topic: Topic.
        partitions: Number of its partitions.

    Raises:
        UnansweredError: If the cluster does not answer.
        ProviderError: If the client refuses the settings.
    """

    def work() -> list[int]:
        with consumer(settings, group) as member:
            found = member.committed(_named(topic, range(partitions)), timeout=_SECONDS)
            return sorted(one.partition for one in found if one.offset < 0)

    return answered(settings, 3 * _SECONDS, work)


def commit_beginning(settings: Mapping[str, Any], group: str, topic: str, partitions: Iterable[int]) -> None:
    """Commit the first offset of each partition for a group without members; arguments as for ``without_position``.

    Raises:
        UnansweredError: If the cluster does not answer, or the group has members.
        ProviderError: If the client refuses the settings.
    """

    def work() -> None:
        with consumer(settings, group) as member:
            positions = _named(topic, partitions)
            for one in positions:
                one.offset = member.get_watermark_offsets(one, timeout=_SECONDS)[0]
            member.commit(offsets=positions, asynchronous=False)

    answered(settings, 3 * _SECONDS, work)


def _named(topic: str, partitions: Iterable[int]) -> list[Any]:
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load, and a preview does not need it

    return [TopicPartition(topic, number) for number in partitions]
