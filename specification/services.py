"""How each published service is reached from outside the cluster: its address, its port, and the kind of Service that publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings.names import BROKERS, CONNECT_PORT, KAFKA_EXTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT

if TYPE_CHECKING:
    from settings.cluster import HostSettings
    from settings.names import Names, PublishedPort
    from specification.manifest import Manifest

_DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where something answers.

    Attributes:
        host: Name or address.
        port: TCP port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        """Give ``host:port``."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A service as it is seen from outside.

    Attributes:
        name: Name of its Service.
        port: Port of the Service and of the container.
        outside: Where it answers.
        annotations: Annotations of the Service.
        publishing: What of the Service's specification makes it reachable: type, node port, who may come in.
    """

    name: str
    port: int
    outside: Address
    annotations: dict[str, str]
    publishing: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedServices:
    """The published services of one pipeline. Every address is known before anything exists, since brokers advertise theirs.

    Attributes:
        host: What the stack says.
        names: The pipeline's names.
    """

    host: HostSettings
    names: Names

    @property
    def postgres(self) -> Published:
        """The database."""
        return self._published("postgresql", POSTGRES_PORT, self.host.postgres)

    @property
    def brokers(self) -> tuple[Published, ...]:
        """Each broker: a client is sent to the one that leads a partition, so every one must be reachable by itself."""
        ports = self.host.kafka
        return tuple(self._published(f"kafka-{ordinal}", KAFKA_EXTERNAL_PORT, ports[ordinal]) for ordinal in range(BROKERS))

    @property
    def registry(self) -> Published:
        """The schema registry."""
        return self._published("schema-registry", REGISTRY_PORT, self.host.registry)

    @property
    def connect(self) -> Published:
        """Connect's REST interface."""
        return self._published("connect", CONNECT_PORT, self.host.connect)

    def _published(self, name: str, port: int, pair: PublishedPort) -> Published:
        host = self.host
        annotations = dict(host.annotations)
        if host.exposure == "nodePort":
            outside = Address(host=host.address, port=pair.host)
            publishing: Manifest = {"type": "NodePort"}
            ports: Manifest = {"nodePort": pair.node}
        elif host.exposure == "loadBalancer":
            outside = Address(host=f"{name}.{host.domain}", port=port)
            publishing = {"type": "LoadBalancer", "loadBalancerSourceRanges": list(host.sources), "externalTrafficPolicy": "Local"}
            ports = {}
            annotations = {_DNS_ANNOTATION: outside.host, **annotations}
        else:
            outside, publishing, ports = Address(host=self.names.service(name), port=port), {"type": "ClusterIP"}, {}
        publishing["ports"] = [{"name": "main", "port": port, "targetPort": port, **ports}]
        return Published(name=name, port=port, outside=outside, annotations=annotations, publishing=publishing)
