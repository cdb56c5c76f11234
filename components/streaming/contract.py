"""What the streaming layer takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from components.foundation.component import Ground
    from components.source.contract import SourceEndpoint
    from providers.kafkaconnect import Provider
    from settings.names import Names
    from settings.rotation import Rotation
    from settings.source import DebeziumSettings
    from settings.streaming import ConnectSettings, KafkaSettings, RegistrySettings, TopicSettings
    from settings.tables import Table
    from specification.services import Reach
    from specification.streaming.topics import TopicSpec


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
        reach: How services are reached from outside.
        spread: What brokers and workers are spread over, ``nodes`` or ``zones``.
        token_audience: Audience of the token by which AWS knows the worker, or None where it has a key.
        rotation: Which credentials are made anew.
        archive_secret: Secret with the archive's identity that was there before, or None where the archive makes it.
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
    reach: Reach
    spread: str
    token_audience: str | None
    rotation: Rotation
    archive_secret: str | None

    @property
    def bootstrap(self) -> list[str]:
        """The brokers as reached from the machine where the program runs."""
        if self.kafka.external is not None:
            return list(self.kafka.external.bootstrap_servers)
        return [str(broker.outside) for broker in self.reach.brokers]


@dataclass(frozen=True, kw_only=True)
class StreamEndpoint:
    """The stream as the archive sees it.

    Attributes:
        bootstrap: Kafka's servers as reached from outside the cluster.
        registry_url: The registry's API as the worker reaches it.
        worker: Where connectors are managed.
        rollout: Digest of the worker's pods: when it changes, connectors start anew.
        ready: What must be there before a sink can read.
    """

    bootstrap: tuple[str, ...]
    registry_url: str
    worker: Provider
    rollout: str
    ready: tuple[pulumi.Resource, ...]
