"""Specification of the sinks: the connector of each, and the first position of its coordinator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.specification.archive import sink
from stack.specification.archive.position import first_position
from stack.specification.streaming.parts import ConnectorSpec

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.settings.sinks import Sink
    from stack.specification.archive.position import Position
    from stack.specification.source.layer import Source
    from stack.specification.streaming.parts import Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSpec:
    """A sink.

    Attributes:
        name: Name in ``archive.sinks``; empty for the sink of all other tables, which is updated before the others.
        connector: Its connector.
        position: First position of an Iceberg sink's coordinator, or None with plain Parquet files.
    """

    name: str
    connector: ConnectorSpec
    position: Position | None


def specified(settings: Settings, of: Sink, source: Source, kafka: Kafka, registry_url: str) -> SinkSpec:
    """Return the specification of a sink.

    Args:
        settings: Settings of the stack.
        of: The sink with its tables.
        source: Specification of the source layer.
        kafka: Specification of Kafka.
        registry_url: Confluent-compatible API of the registry as the worker reaches it.
    """
    section, names, position = settings.archive, settings.names, None
    if section.format == "iceberg":
        existing = settings.streaming.kafka.external
        config = {
            **(sink.COUNTED_COMMITS if settings.monitoring.enabled else {}),
            **sink.iceberg_config(names, of.tables, section, registry_url, source.inside, existing, settings.quality, name=of.name),
        }
        position = first_position(names, kafka, of)
    else:
        config = sink.parquet_config(names, of.tables, section, registry_url, settings.quality)
    return SinkSpec(name=of.name, connector=ConnectorSpec(name=of.connector, config=config, last_config={}), position=position)
