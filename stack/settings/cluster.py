"""Settings of the Kubernetes cluster and of the published services."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from stack.configs.credentials.annotations import annotation_shows
from stack.problem import Problem
from stack.settings.addresses import Cidr, HostName
from stack.settings.names import BROKERS, PublishedPort
from stack.settings.section import Section
from stack.settings.types import Keys, Line, Port, Switch, written

if TYPE_CHECKING:
    from collections.abc import Iterator

# RFC 1918, link-local with the metadata service, and carrier-grade NAT, which clusters use for pods.
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
_PRIVATE = tuple(IPv4Network(network) for network in PRIVATE_RANGES)
_UNIQUE_LOCAL = IPv6Network("fc00::/7")


def is_private(source: str) -> bool:
    """Return whether an address range is part of a private network; False for text that is not an address range."""
    try:
        network = ip_network(source)
    except ValueError:
        return False
    if isinstance(network, IPv6Network):
        return network.subnet_of(_UNIQUE_LOCAL)
    return any(network.subnet_of(private) for private in _PRIVATE)


# The name of a storage driver: a Kubernetes name with a domain before it, such as ebs.csi.aws.com or rancher.io/local-path.
Provisioner = Annotated[
    str,
    *written(
        "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
        "must be the name of a volume provisioner, such as ebs.csi.aws.com or rancher.io/local-path; 'kubectl get storageclass' shows "
        "those of a cluster",
    ),
]

_ANNOTATION = re.compile(
    r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)


def _named_as_annotations(annotations: dict[str, str]) -> dict[str, str]:
    wrong = [key for key in annotations if not _ANNOTATION.fullmatch(key)]
    if wrong:
        message = (
            f"{', '.join(map(repr, wrong))} is no key of an annotation: a domain and a name of at most 63 letters, digits, '-', '_' and "
            "'.'; write it as example.com/name"
        )
        raise ValueError(message)
    telling = [key for key, value in annotations.items() if annotation_shows(key, value)]
    if telling:
        message = (
            f"{', '.join(map(repr, telling))} contains a credential, and everybody who may read Services sees annotations; "
            "name a Secret in it, or let the controller read the credential from one"
        )
        raise ValueError(message)
    return annotations


Annotations = Annotated[Keys, AfterValidator(_named_as_annotations)]


class ClusterSettings(Section):
    """The Kubernetes cluster."""

    context: Line = "kind-data-ingestion"
    """Context of the kubeconfig file; pinned, so that the current context of a shell never decides where a stack goes."""
    kubeconfig: Line | None = None
    """Path of the kubeconfig file; by default the usual one."""
    identifier: Line = "data-ingestion"
    """Fixed identity of the cluster in Pulumi: with it, a changed address of the cluster is an update and no replacement."""
    provisioner: Provisioner = "rancher.io/local-path"
    """Volume provisioner of the cluster."""
    keep_volumes: Switch = True
    """If true, the volumes of database and brokers survive ``pulumi destroy`` with their data. Set when a volume is created; where
    ``storageClass`` names an existing class, the class decides for volumes whose namespace is deleted."""
    existing_namespace: Switch = False
    """If true, ``names.namespace`` is an existing namespace, reserved for this pipeline; the program creates its objects in it and
    never changes the namespace. Setting this to true on a stack that has created its namespace deletes the namespace with everything in
    it, unless ``pulumi state delete`` has removed it from the state first."""
    spread: Literal["nodes", "zones"] = "nodes"
    """Topology over which brokers and workers are spread. ``nodes`` is a preference. With ``zones``, two brokers never share a zone, and
    the scheduler refuses a cluster with fewer than three zones."""


class PostgresPort(PublishedPort):
    """Ports of PostgreSQL."""

    node: Port = 30432
    """Port on every node of the cluster (NodePort)."""
    host: Port = 5432
    """Port on the machine that runs the program; the laptop's cluster maps it to ``node``."""


class RegistryPort(PublishedPort):
    """Ports of the schema registry."""

    node: Port = 30081
    """Port on every node of the cluster (NodePort)."""
    host: Port = 8081
    """Port on the machine that runs the program; the laptop's cluster maps it to ``node``."""


class ConnectPort(PublishedPort):
    """Ports of Connect's REST interface."""

    node: Port = 30083
    """Port on every node of the cluster (NodePort)."""
    host: Port = 8083
    """Port on the machine that runs the program; the laptop's cluster maps it to ``node``."""


class HostSettings(Section):
    """Access to the services from the machine that runs the program."""

    exposure: Literal["nodePort", "loadBalancer", "internal"] = "nodePort"
    """Kind of Service: ``nodePort`` opens a port on every node, ``loadBalancer`` asks for a load balancer and a DNS name per service,
    ``internal`` is for a program that runs where the cluster's own names and addresses work."""
    address: HostName = "127.0.0.1"
    """Address of the node ports, with ``nodePort``; brokers advertise it."""
    domain: HostName | None = None
    """Domain of the load balancers: service ``kafka-0`` becomes ``kafka-0.<domain>``, which each Service requests from ExternalDNS."""
    annotations: Annotations = Field(default={})
    """Annotations of every published Service, for the load balancer controller."""
    sources: tuple[Cidr, ...] = ("172.16.0.0/12",)
    """Address ranges that may connect to published services. With ``nodePort``: the nodes' network, and the nodes' side of the pod network
    where the network plug-in sees translated addresses (Kind's does not). Otherwise: the clients. Only private ranges, since the listeners
    speak plain text."""
    postgres: PostgresPort = PostgresPort()
    """Ports of PostgreSQL."""
    kafka: tuple[PublishedPort, ...] = (
        PublishedPort(node=30092, host=9092),
        PublishedPort(node=30093, host=9093),
        PublishedPort(node=30094, host=9094),
    )
    """Ports of the brokers, one pair per broker."""
    registry: RegistryPort = RegistryPort()
    """Ports of the schema registry."""
    connect: ConnectPort = ConnectPort()
    """Ports of Connect's REST interface."""

    @field_validator("kafka")
    @classmethod
    def _one_each(cls, ports: tuple[PublishedPort, ...]) -> tuple[PublishedPort, ...]:
        if len(ports) != BROKERS:
            message = f"{len(ports)} broker ports for {BROKERS} brokers: a client must reach each broker directly; set {BROKERS} pairs"
            raise ValueError(message)
        return ports

    def contradictions(self) -> Iterator[Problem]:
        """Yield load balancers without a domain, and ports that two services share."""
        if self.exposure == "loadBalancer" and self.domain is None:
            yield Problem(
                rule="domain is missing: exposure is loadBalancer, and brokers advertise their addresses before a balancer has one",
                cure="set the parent domain of the services' names",
            )
        for side in ("node", "host"):
            numbers = Counter(getattr(pair, side) for pair in self.pairs)
            twice = sorted(number for number, uses in numbers.items() if uses > 1)
            if twice:
                rule = f"{side} port {', '.join(map(str, twice))} is used more than once"
                yield Problem(rule=rule, cure="use a different port for each service")

    @property
    def pairs(self) -> tuple[PublishedPort, ...]:
        """Ports of every service."""
        return (self.postgres, *self.kafka, self.registry, self.connect)

    @field_validator("sources")
    @classmethod
    def _private(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if not sources:
            message = "is empty, and a NetworkPolicy without ranges lets every address in; write the private ranges that may connect"
            raise ValueError(message)
        public = [source for source in sources if not is_private(source)]
        if public:
            message = (
                f"{', '.join(public)} can be outside your network, but brokers, registry and Connect speak plain text; "
                "use private address ranges and connect by VPN or peering"
            )
            raise ValueError(message)
        return sources
