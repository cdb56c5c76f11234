"""Who may talk to whom: the data path as a list of edges, and the network policies that allow exactly those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings.cluster import PRIVATE_RANGES
from settings.names import CONNECT_PORT, KAFKA_CONTROLLER_PORT, KAFKA_EXTERNAL_PORT, KAFKA_INTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT
from specification.manifest import labels

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from specification.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Edge:
    """One allowed connection between two components of the pipeline.

    Attributes:
        source: Component that connects.
        target: Component that is connected to.
        ports: TCP ports of the target.
    """

    source: str
    target: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExternalSystem:
    """Something beyond the namespace that the pipeline uses and does not make.

    Attributes:
        name: What it is, as a part of the policies' names.
        sources: Components that connect to it.
        addresses: Address ranges it answers from.
        ports: Its TCP ports.
    """

    name: str
    sources: tuple[str, ...]
    addresses: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ObjectStoreInCluster:
    """An S3-compatible store in a namespace of its own.

    Attributes:
        namespace: Its namespace.
        port: Its TCP port.
    """

    namespace: str
    port: int


# What holds the archive, as a part of the policies' names.
OBJECT_STORE = "object-store"

# Every connection inside the pipeline; nothing else is allowed.
DATA_PATH: tuple[Edge, ...] = (
    Edge("connect", "postgresql", (POSTGRES_PORT,)),
    Edge("connect", "kafka", (KAFKA_INTERNAL_PORT,)),
    Edge("connect", "schema-registry", (REGISTRY_PORT,)),
    Edge("connect", "connect", (CONNECT_PORT,)),
    Edge("schema-registry", "kafka", (KAFKA_INTERNAL_PORT,)),
    Edge("kafka", "kafka", (KAFKA_INTERNAL_PORT, KAFKA_CONTROLLER_PORT)),
)

# The components of a pipeline that makes everything itself.
COMPONENTS = frozenset({edge.source for edge in DATA_PATH} | {edge.target for edge in DATA_PATH})

# What is published to the machine where the program runs: component and container port.
PUBLISHED: tuple[tuple[str, int], ...] = (
    ("postgresql", POSTGRES_PORT),
    ("kafka", KAFKA_EXTERNAL_PORT),
    ("schema-registry", REGISTRY_PORT),
    ("connect", CONNECT_PORT),
)


def _ports(numbers: Sequence[int]) -> list[Manifest]:
    return [{"protocol": "TCP", "port": number} for number in numbers]


def _selector(component: str) -> Manifest:
    return {"matchLabels": labels(component)}


def deny_all() -> dict[str, Manifest]:
    """Nothing in, nothing out, for every pod; names may be looked up."""
    everyone: Manifest = {}
    dns = {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    return {
        "default-deny": {"podSelector": everyone, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {"podSelector": everyone, "policyTypes": ["Egress"], "egress": [dns]},
    }


def edge_policies(edges: Sequence[Edge]) -> dict[str, Manifest]:
    """Two policies for each edge, since both ends are closed: one lets the source out, one lets the target's port be reached."""
    built: dict[str, Manifest] = {}
    for edge in edges:
        name = f"{edge.source}-to-{edge.target}"
        built[f"{name}-egress"] = {
            "podSelector": _selector(edge.source),
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": _selector(edge.target)}], "ports": _ports(edge.ports)}],
        }
        built[f"{name}-ingress"] = {
            "podSelector": _selector(edge.target),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": _selector(edge.source)}], "ports": _ports(edge.ports)}],
        }
    return built


def published_policies(sources: Sequence[str], made: Collection[str] = COMPONENTS) -> dict[str, Manifest]:
    """Lets the published ports be reached from the nodes' addresses, by which NodePort traffic arrives, or from the clients'.

    Args:
        sources: Address ranges of the nodes and of their side of the pod network, or of the clients; never the whole pod range.
        made: The components that there are.
    """
    allowed = [{"ipBlock": {"cidr": source}} for source in sources]
    return {
        f"host-to-{component}": {
            "podSelector": _selector(component),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": allowed, "ports": _ports([port])}],
        }
        for component, port in PUBLISHED
        if component in made
    }


def outside_policies(outside: Sequence[ExternalSystem]) -> dict[str, Manifest]:
    """Lets components out to what was there before, and to nothing else there."""
    return {
        f"{source}-to-{target.name}": {
            "podSelector": _selector(source),
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": address}} for address in target.addresses], "ports": _ports(target.ports)}],
        }
        for target in outside
        for source in target.sources
    }


def object_store_policies(store: ObjectStoreInCluster | None) -> dict[str, Manifest]:
    """Lets Connect reach the object store: HTTPS to the outside for AWS (S3, STS, Glue have no fixed addresses), or one namespace."""
    if store is None:
        to: list[Manifest] = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_RANGES)}}]
        ports = _ports([443])
    else:
        to = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": store.namespace}}}]
        ports = _ports([store.port])
    return {
        f"connect-to-{OBJECT_STORE}": {
            "podSelector": _selector("connect"),
            "policyTypes": ["Egress"],
            "egress": [{"to": to, "ports": ports}],
        }
    }


def all_policies(
    sources: Sequence[str], store: ObjectStoreInCluster | None, made: Collection[str] = COMPONENTS, outside: Sequence[ExternalSystem] = ()
) -> dict[str, Manifest]:
    """Every network policy of the namespace, name to specification.

    Args:
        sources: Address ranges that published ports are reached from.
        store: The object store inside the cluster, or None for AWS.
        made: The components that this pipeline makes.
        outside: What it uses instead of the others.
    """
    edges = [edge for edge in DATA_PATH if edge.source in made and edge.target in made]
    return {
        **deny_all(),
        **edge_policies(edges),
        **published_policies(sources, made),
        **({} if any(other.name == OBJECT_STORE for other in outside) else object_store_policies(store)),
        **outside_policies(outside),
    }
