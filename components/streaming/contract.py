"""What the streaming layer takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from components.foundation.component import Ground
    from components.names import Names, PublishedPort
    from components.rotation import Rotation
    from components.source.component import SourceEndpoint
    from components.source.postgres import DebeziumSettings
    from components.streaming.connect import ConnectSettings
    from components.streaming.kafka import KafkaSettings
    from components.streaming.registry import RegistrySettings
    from components.streaming.topics import TopicSettings, TopicSpec
    from components.tables import Table
    from providers.kafkaconnect import Provider


@dataclass(frozen=True, kw_only=True)
class StreamingArgs:
    """What the streaming layer is made from.

    Attributes:
        ground: Namespace and storage classes.
        source: The database to capture.
        names: The pipeline's names.
        tables: The captured tables.
        kafka: Sizes of a broker.
        registry: Kind and sizes of the registry.
        connect: Sizes of the worker.
        topics: The change topics.
        debezium: How changes are read.
        sink_topics: What the chosen sink needs besides.
        kafka_image: Image of the brokers.
        connect_image: Image of the worker.
        registry_image: Image of the registry.
        host_address: Address of the published ports.
        kafka_ports: Published port of each broker.
        registry_port: Published port of the registry.
        connect_port: Published port of the worker.
        rotation: Which credentials are made anew.
    """

    ground: Ground
    source: SourceEndpoint
    names: Names
    tables: Sequence[Table]
    kafka: KafkaSettings
    registry: RegistrySettings
    connect: ConnectSettings
    topics: TopicSettings
    debezium: DebeziumSettings
    sink_topics: Sequence[TopicSpec]
    kafka_image: str
    connect_image: str
    registry_image: str
    host_address: str
    kafka_ports: Sequence[PublishedPort]
    registry_port: PublishedPort
    connect_port: PublishedPort
    rotation: Rotation

    @property
    def bootstrap(self) -> list[str]:
        """The brokers as reached from the machine where the program runs."""
        return [f"{self.host_address}:{port.host}" for port in self.kafka_ports]


@dataclass(frozen=True, kw_only=True)
class StreamEndpoint:
    """The stream as the archive sees it.

    Attributes:
        registry_url: The registry's API inside the cluster.
        worker: Where connectors are managed.
        rollout: Digest of the worker's pods: when it changes, connectors start anew.
        ready: What must be there before a sink can read.
    """

    registry_url: str
    worker: Provider
    rollout: str
    ready: tuple[pulumi.Resource, ...]
