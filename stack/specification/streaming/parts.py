"""Specifications of the streaming layer's parts: connectors, brokers, registry and Connect workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.specification import manifest, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.specification.services import Published
    from stack.specification.streaming.topics import TopicSpec
    from stack.specification.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSpec:
    """Specification of a connector.

    Attributes:
        name: Name of the connector.
        config: Configuration as the worker receives it.
        last_config: Keys that are set before the removal, if any.
        by_hand: Instruction for the case that ``last_config`` could not be set.
    """

    name: str
    config: Mapping[str, str]
    last_config: Mapping[str, str]
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Specification of brokers that the program creates.

    Attributes:
        properties: ``server.properties`` of each broker, in order.
        workload: Pods and files.
        published: Published service of each broker: a client connects to the leader of a partition, so it must reach each broker.
    """

    properties: tuple[Mapping[str, str], ...]
    workload: Workload
    published: tuple[Published, ...]

    @property
    def rollout(self) -> str:
        """Digest of files and pods; the brokers restart when it changes."""
        return manifest.checksum(self.workload.files[names.KAFKA_CONFIG], self.workload.pod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """Specification of the Kafka cluster.

    Attributes:
        bootstrap: Servers as the program reaches them, ``host:port`` each.
        brokers: Number of brokers.
        security: Protocol and mechanism of an existing cluster, or None.
        tls: Whether the program connects by TLS.
        mechanism: Login mechanism as the Kafka provider spells it, or None.
        topics: Every topic that the program creates.
        epoch: Number of the pipeline's present history.
        created: The brokers that the program creates, or None for an existing cluster.
    """

    bootstrap: tuple[str, ...]
    brokers: int
    security: Mapping[str, str] | None
    tls: bool
    mechanism: str | None
    topics: tuple[TopicSpec, ...]
    epoch: int
    created: Brokers | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Specification of a schema registry that the program creates.

    Attributes:
        kind: Kind of the registry.
        url: URL of the API as the program reaches it.
        keepers: Users, each with the keepers of its password.
        workload: Pod and files.
        published: Published service.
    """

    kind: str
    url: str
    keepers: Mapping[str, Mapping[str, str] | None]
    workload: Workload
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Specification of the Connect workers.

    Attributes:
        url: URL of the REST interface as the program reaches it.
        keepers: Users of the REST interface, each with the keepers of its password.
        properties: Properties of a worker.
        heap_mib: Java heap of a worker, in MiB.
        workload: Pods and files.
        rollout: Digest of files and pods; connectors restart when it changes.
        published: Published service of the REST interface.
    """

    url: str
    keepers: Mapping[str, Mapping[str, str] | None]
    properties: Mapping[str, str]
    heap_mib: int
    workload: Workload
    rollout: str
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """Specification of the streaming layer.

    Attributes:
        kafka: The Kafka cluster.
        registry_url: URL of the registry's API as the worker reaches it.
        registry: The registry that the program creates, or None for an existing one.
        connect: The Connect workers.
        source_connector: The Debezium connector.
    """

    kafka: Kafka
    registry_url: str
    registry: Registry | None
    connect: Connect
    source_connector: ConnectorSpec
