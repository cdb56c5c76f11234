"""Parts of the streaming layer, as values: connectors, brokers, registry, Connect workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from specification import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specification.services import Published
    from specification.streaming.topics import TopicSpec
    from specification.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSpec:
    """A connector.

    Attributes:
        name: Name of the connector.
        config: Its configuration as the worker receives it.
        last_config: Keys that are set before it is removed; empty where it is removed as it is.
        by_hand: What to do by hand where ``last_config`` could not be set.
    """

    name: str
    config: Mapping[str, str]
    last_config: Mapping[str, str]
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Brokers that the program creates.

    Attributes:
        properties: ``server.properties`` of each broker, in order.
        workload: Their pods and files.
        published: The service of each broker: a client is sent to the broker that leads a partition, so it must reach each one.
    """

    properties: tuple[Mapping[str, str], ...]
    workload: Workload
    published: tuple[Published, ...]

    @property
    def rollout(self) -> str:
        """Digest of everything that restarts the brokers when it changes."""
        return manifest.checksum(self.workload.files["kafka-config"], self.workload.pod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """The Kafka cluster as the program uses it.

    Attributes:
        bootstrap: Servers as the program reaches them, ``host:port`` each.
        brokers: Number of brokers.
        security: Protocol and mechanism of an existing cluster, or None.
        tls: Whether the program speaks TLS to it.
        mechanism: Login mechanism as the Kafka provider spells it, or None.
        topics: Every topic that the program creates.
        created: The brokers that the program creates, or None for an existing cluster.
    """

    bootstrap: tuple[str, ...]
    brokers: int
    security: Mapping[str, str] | None
    tls: bool
    mechanism: str | None
    topics: tuple[TopicSpec, ...]
    created: Brokers | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A schema registry that the program creates.

    Attributes:
        kind: Which registry.
        url: Its API as the program reaches it.
        keepers: Keepers of its passwords.
        workload: Its pod and files.
        published: The service that publishes it.
    """

    kind: str
    url: str
    keepers: Mapping[str, str] | None
    workload: Workload
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """The Connect workers.

    Attributes:
        url: REST interface as the program reaches it.
        keepers: Keepers of the password of the REST interface.
        properties: Properties of a worker.
        heap_mib: Java heap of a worker, in MiB.
        workload: Their pods and files.
        rollout: Digest of the pods: when it changes, connectors start again.
        published: The service that publishes the REST interface.
    """

    url: str
    keepers: Mapping[str, str] | None
    properties: Mapping[str, str]
    heap_mib: int
    workload: Workload
    rollout: str
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """The streaming layer.

    Attributes:
        kafka: The Kafka cluster.
        registry_url: API of the schema registry as the worker reaches it.
        registry: The registry that the program creates, or None for an existing one.
        connect: The Connect workers.
        source_connector: The Debezium connector.
    """

    kafka: Kafka
    registry_url: str
    registry: Registry | None
    connect: Connect
    source_connector: ConnectorSpec
