"""First position of the Iceberg sink's coordinator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.topics import coordinator_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.names import Names
    from stack.settings.sinks import Sink
    from stack.specification.streaming.parts import Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """First position of the sink's coordinator in its control topic.

    Attributes:
        bootstrap: Brokers as the program reaches them, ``host:port`` each.
        security: Protocol and mechanism of an existing cluster, or None.
        group: Consumer group of the coordinator.
        topic: Name of the control topic.
        partitions: Number of its partitions.
        connector: Connector that may run in the group, for an earlier epoch; None in the first one.
    """

    bootstrap: tuple[str, ...]
    security: Mapping[str, str] | None
    group: str
    topic: str
    partitions: int
    connector: str | None


def first_position(names: Names, kafka: Kafka, sink: Sink) -> Position:
    """Return a sink's position in its control topic of the epoch."""
    (control,) = (topic for topic in kafka.topics if topic.name == sink.control_topic)
    return Position(
        bootstrap=kafka.bootstrap,
        security=kafka.security,
        group=coordinator_group(sink.connector),
        topic=control.name,
        partitions=control.partitions,
        connector=sink.connector if names.epoch > 1 else None,
    )
