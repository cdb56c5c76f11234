"""Committed positions of a consumer group, read and written by librdkafka."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from providers.deadline import OverdueError, within
from providers.operations import scrubbed
from providers.readable import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_Result = TypeVar("_Result")

_SECONDS: Final = 10.0


class PositionsError(Exception):
    """The cluster did not answer as expected; the message names the reason in one line."""


def without_position(settings: Mapping[str, Any], group: str, topic: str, partitions: int) -> list[int]:
    """Return the partitions of a topic in which a group has no committed position.

    Args:
        settings: Settings of librdkafka for the cluster.
        group: Consumer group.
        topic: Topic.
        partitions: Number of its partitions.

    Raises:
        PositionsError: If the cluster does not answer.
    """

    def work() -> list[int]:
        with _consumer(settings, group) as consumer:
            found = consumer.committed(_named(topic, range(partitions)), timeout=_SECONDS)
            return sorted(one.partition for one in found if one.offset < 0)

    return _answer(settings, work)


def commit_beginning(settings: Mapping[str, Any], group: str, topic: str, partitions: Iterable[int]) -> None:
    """Commit the first offset of each partition for a group without members; arguments as for ``without_position``.

    Raises:
        PositionsError: If the cluster does not answer, or the group has members.
    """

    def work() -> None:
        with _consumer(settings, group) as consumer:
            positions = _named(topic, partitions)
            for one in positions:
                one.offset = consumer.get_watermark_offsets(one, timeout=_SECONDS)[0]
            consumer.commit(offsets=positions, asynchronous=False)

    _answer(settings, work)


def _consumer(settings: Mapping[str, Any], group: str) -> Any:  # noqa: ANN401 - loaded late
    from confluent_kafka import Consumer  # noqa: PLC0415 - slow to load, and a preview does not need it

    own = {"group.id": group, "enable.auto.commit": False, "log_level": 0, "error_cb": lambda _: None}
    return closing(Consumer({**settings, **own}))


def _named(topic: str, partitions: Iterable[int]) -> list[Any]:
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load, and a preview does not need it

    return [TopicPartition(topic, number) for number in partitions]


def _answer(settings: Mapping[str, Any], work: Callable[[], _Result]) -> _Result:
    from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load, and a preview does not need it

    try:
        return within(3 * _SECONDS, work)
    except OverdueError:
        message = f"{settings['bootstrap.servers']} does not answer within {3 * _SECONDS:.0f} s"
        raise PositionsError(message) from None
    except KafkaException as error:
        raise PositionsError(scrubbed(one_line(str(error), 300), [str(settings.get("sasl.password", ""))])) from None
