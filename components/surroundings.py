"""What a stack says about its surroundings: cluster, published ports, images, budget."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from pydantic import Field, field_validator, model_validator

from components.names import BROKERS, PublishedPort
from components.section import Cidr, HostName, Keys, Mebibytes, Section

PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
"""IPv4 addresses that are not outside (RFC 1918, link-local with its metadata service, carrier-grade NAT, which clusters use for pods)."""
_PRIVATE = tuple(IPv4Network(network) for network in PRIVATE_RANGES)
_UNIQUE_LOCAL = IPv6Network("fc00::/7")


def is_private(source: str) -> bool:
    """Whether all addresses of a range belong to private networks; what is no range is not."""
    try:
        network = ip_network(source)
    except ValueError:
        return False
    if isinstance(network, IPv6Network):
        return network.subnet_of(_UNIQUE_LOCAL)
    return any(network.subnet_of(private) for private in _PRIVATE)


class ClusterSettings(Section):
    """Which cluster, and what it offers.

    Attributes:
        context: Context of the kubeconfig; pinned, so that no ambient choice decides where a stack goes.
        kubeconfig: Path of the kubeconfig file; the usual one when absent.
        identifier: Fixed identity of the cluster for Pulumi; with it a changed address is an update and not a replacement.
        provisioner: What makes volumes there.
        keep_volumes: Whether the volumes of database and brokers stay, with their data, when the stack is destroyed. Decided for a volume
            when it is made; where ``storageClass`` names a class, that class decides what becomes of a volume whose namespace goes.
        existing_namespace: Whether ``names.namespace`` is there already, made by somebody else for this pipeline alone; the program then
            makes what belongs into it, and leaves the namespace itself. A stack that has made its namespace deletes it when this
            becomes true, with everything in it, unless ``pulumi state delete`` has taken it out of the state before.
        spread: What brokers and workers are spread over. ``nodes`` is a preference; with ``zones`` two brokers never share a zone, and a
            cluster with fewer than three zones is refused by its scheduler.
    """

    context: str = "kind-data-ingestion"
    kubeconfig: str | None = None
    identifier: str = "data-ingestion"
    provisioner: str = "rancher.io/local-path"
    keep_volumes: bool = True
    existing_namespace: bool = False
    spread: Literal["nodes", "zones"] = "nodes"


class HostSettings(Section):
    """How services are reached from the machine where the program runs.

    Attributes:
        exposure: Kind of Service: ``nodePort`` on every node, ``loadBalancer`` with a balancer and a DNS name for each service, or
            ``internal`` for a program that runs where the cluster's own names and addresses work.
        address: Address of the node ports from there; what brokers advertise, with ``nodePort``.
        domain: Domain of the load balancers; service ``kafka-0`` becomes ``kafka-0.<domain>``, which each Service asks ExternalDNS for.
        annotations: Annotations of every published Service, for the controller that makes load balancers.
        sources: Address ranges that published services are reached from: with ``nodePort`` the nodes' network, and the nodes' side of the
            pod network where the network plug-in judges translated addresses (Kind's does not); else the clients. Listeners speak plain
            text, so only private ranges.
        postgres: Ports of PostgreSQL.
        kafka: Ports of the brokers, one pair each.
        registry: Ports of the schema registry.
        connect: Ports of Connect's REST interface.
    """

    exposure: Literal["nodePort", "loadBalancer", "internal"] = "nodePort"
    address: str = "127.0.0.1"
    domain: HostName | None = None
    annotations: Keys = Field(default={})
    sources: tuple[Cidr, ...] = ("172.16.0.0/12",)
    postgres: PublishedPort = PublishedPort(node=30432, host=5432)
    kafka: tuple[PublishedPort, ...] = (
        PublishedPort(node=30092, host=9092),
        PublishedPort(node=30093, host=9093),
        PublishedPort(node=30094, host=9094),
    )
    registry: PublishedPort = PublishedPort(node=30081, host=8081)
    connect: PublishedPort = PublishedPort(node=30083, host=8083)

    @property
    def pairs(self) -> tuple[PublishedPort, ...]:
        """The ports of every service."""
        return (self.postgres, *self.kafka, self.registry, self.connect)

    @field_validator("sources")
    @classmethod
    def _private(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        public = [source for source in sources if not is_private(source)]
        if public:
            message = (
                f"{', '.join(public)} can be outside your network, and brokers, registry and Connect speak plain text there; "
                "give private address ranges, and reach them by VPN or peering"
            )
            raise ValueError(message)
        return sources

    @model_validator(mode="after")
    def _has_a_domain(self) -> HostSettings:
        if self.exposure == "loadBalancer" and self.domain is None:
            message = (
                "domain is missing: exposure is loadBalancer, and brokers advertise their addresses before a balancer has one; "
                "give the domain that the services' names are below"
            )
            raise ValueError(message)
        return self

    @field_validator("kafka")
    @classmethod
    def _one_each(cls, ports: tuple[PublishedPort, ...]) -> tuple[PublishedPort, ...]:
        if len(ports) != BROKERS:
            message = f"{len(ports)} broker ports for {BROKERS} brokers: a client must reach each broker by itself; give {BROKERS} pairs"
            raise ValueError(message)
        return ports

    @model_validator(mode="after")
    def _distinct(self) -> HostSettings:
        problems = []
        for side in ("node", "host"):
            numbers = [getattr(pair, side) for pair in self.pairs]
            twice = sorted({number for number in numbers if numbers.count(number) > 1})
            if twice:
                problems.append(f"{side} port {', '.join(map(str, twice))} is used twice; give each service its own")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class ImageSettings(Section):
    """Container images; a tag is never moved, a digest may be added.

    Attributes:
        postgres: PostgreSQL 17.
        kafka: Apache Kafka's libraries on Java.
        connect: Kafka Connect with the plugins in it.
        registry: The schema registry; by default the one for the chosen kind.
    """

    postgres: str = "localhost/data-ingestion/postgres:17-1"
    kafka: str = "localhost/data-ingestion/kafka:4.3.1-1"
    connect: str = "localhost/data-ingestion/connect:4.3.1-1"
    registry: str | None = None

    @field_validator("postgres", "kafka", "connect", "registry")
    @classmethod
    def _pinned(cls, image: str | None) -> str | None:
        if image is not None and "@sha256:" not in image and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")):
            message = f"image {image!r} is not pinned; name a fixed tag, or better a digest: name:tag@sha256:…"
            raise ValueError(message)
        return image


class BudgetSettings(Section):
    """What the whole pipeline may use.

    Attributes:
        memory_mib: Memory of all pods of the namespace together, at their worst moment; also the namespace's quota.
        disk_mib: All volumes of the namespace together; the default holds the database's 5 GiB and the brokers' 10.
    """

    memory_mib: Mebibytes = 4096
    disk_mib: Mebibytes = 15 * 1024


class RuleException(Section):
    """One thing that a stack allows itself against a rule; shown in every preview.

    Attributes:
        rule: Name of the rule, as a violation shows it.
        resource: Logical name of the resource, with ``*`` at the end for all that begin so.
        reason: Why it is safe here, in a sentence.
    """

    rule: str = Field(pattern=r"^[a-z][a-z-]+$")
    resource: str = Field(pattern=r"^[A-Za-z0-9._-]{3,}\*?$")
    reason: str = Field(min_length=15)


class PolicySettings(Section):
    """What the policy pack is told by the stack.

    Attributes:
        exceptions: Resources that a rule does not hold for, each with a reason.
    """

    exceptions: tuple[RuleException, ...] = ()
