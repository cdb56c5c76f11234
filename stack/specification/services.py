"""Published services: address, port and kind of Service, for access from outside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.names import BROKERS, CONNECT_PORT, KAFKA_EXTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT

if TYPE_CHECKING:
    from stack.settings.cluster import HostSettings
    from stack.settings.names import Names, PublishedPort
    from stack.specification.manifest import Manifest

_DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Network address of a service.

    Attributes:
        host: Name or address.
        port: TCP port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``host:port``."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published service.

    Attributes:
        name: Name of the Service.
        port: Port of the Service and of the container.
        outside: Address outside the cluster.
        annotations: Annotations of the Service.
        publishing: Part of the Service's specification: type, ports, and the allowed source ranges of a load balancer.
    """

    name: str
    port: int
    outside: Address
    annotations: dict[str, str]
    publishing: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedServices:
    """Published services of one pipeline. Every address is known before any resource exists, since brokers advertise theirs.

    Attributes:
        host: Settings of the published services.
        names: Names of the pipeline.
    """

    host: HostSettings
    names: Names

    @property
    def postgres(self) -> Published:
        """PostgreSQL."""
        return self._published("postgresql", POSTGRES_PORT, self.host.postgres)

    @property
    def brokers(self) -> tuple[Published, ...]:
        """Each broker: a client connects to the leader of a partition, so every broker has a separate address."""
        ports = self.host.kafka
        return tuple(self._published(f"kafka-{ordinal}", KAFKA_EXTERNAL_PORT, ports[ordinal]) for ordinal in range(BROKERS))

    @property
    def registry(self) -> Published:
        """Schema registry."""
        return self._published("schema-registry", REGISTRY_PORT, self.host.registry)

    @property
    def connect(self) -> Published:
        """REST interface of Connect."""
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
