"""Network policies: the data path as a list of edges, and the policies that allow exactly these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.cluster import PRIVATE_RANGES
from stack.settings.names import CONNECT_PORT, KAFKA_CONTROLLER_PORT, KAFKA_EXTERNAL_PORT, KAFKA_INTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT
from stack.specification.manifest import labels

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stack.specification.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Edge:
    """One allowed connection between two components of the pipeline.

    Attributes:
        source: Connecting component.
        target: Component with the open port.
        ports: TCP ports of the target.
    """

    source: str
    target: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExternalSystem:
    """An existing system outside the namespace.

    Attributes:
        name: Kind of the system; part of the policies' names.
        sources: Connecting components.
        addresses: Address ranges of the system.
        ports: TCP ports of the system.
    """

    name: str
    sources: tuple[str, ...]
    addresses: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ObjectStoreInCluster:
    """An S3-compatible store in another namespace of the cluster.

    Attributes:
        namespace: Namespace of the store.
        port: TCP port of the store.
    """

    namespace: str
    port: int


# Name of the archive's object store in the policies' names.
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

# Components of a pipeline without existing systems.
COMPONENTS = frozenset({edge.source for edge in DATA_PATH} | {edge.target for edge in DATA_PATH})

# Component and container port of each service that is reachable from outside the cluster.
PUBLISHED: tuple[tuple[str, int], ...] = (
    ("postgresql", POSTGRES_PORT),
    ("kafka", KAFKA_EXTERNAL_PORT),
    ("schema-registry", REGISTRY_PORT),
    ("connect", CONNECT_PORT),
)


def port_list(numbers: Sequence[int]) -> list[Manifest]:
    """Return TCP ports as a network policy lists them."""
    return [{"protocol": "TCP", "port": number} for number in numbers]


def selector(component: str) -> Manifest:
    """Return the selector of a component's pods."""
    return {"matchLabels": labels(component)}


def in_namespace(namespace: str, component: str | None = None) -> Manifest:
    """Return a peer in another namespace: the pods of one component there, or all of them."""
    peer: Manifest = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return peer if component is None else {**peer, "podSelector": selector(component)}


def deny_all() -> dict[str, Manifest]:
    """Return policies that deny all traffic of every pod except DNS lookups."""
    all_pods: Manifest = {}
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
        "default-deny": {"podSelector": all_pods, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {"podSelector": all_pods, "policyTypes": ["Egress"], "egress": [dns]},
    }


def edge_policies(edges: Sequence[Edge]) -> dict[str, Manifest]:
    """Return two policies per edge, since both ends are closed by default: egress of the source and ingress of the target."""
    built: dict[str, Manifest] = {}
    for edge in edges:
        name = f"{edge.source}-to-{edge.target}"
        built[f"{name}-egress"] = {
            "podSelector": selector(edge.source),
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": selector(edge.target)}], "ports": port_list(edge.ports)}],
        }
        built[f"{name}-ingress"] = {
            "podSelector": selector(edge.target),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": selector(edge.source)}], "ports": port_list(edge.ports)}],
        }
    return built


def published_policies(sources: Sequence[str], created: Collection[str] = COMPONENTS) -> dict[str, Manifest]:
    """Return ingress policies for the published ports, from the nodes (NodePort traffic arrives with their addresses) or from clients.

    Args:
        sources: Address ranges of the nodes and of their side of the pod network, or of the clients; never the whole pod range.
        created: Components that the program creates.
    """
    allowed = [{"ipBlock": {"cidr": source}} for source in sources]
    return {
        f"host-to-{component}": {
            "podSelector": selector(component),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": allowed, "ports": port_list([port])}],
        }
        for component, port in PUBLISHED
        if component in created
    }


def outside_policies(outside: Sequence[ExternalSystem]) -> dict[str, Manifest]:
    """Return egress policies to existing systems: their addresses and ports, nothing else."""
    return {
        f"{source}-to-{target.name}": {
            "podSelector": selector(source),
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": address}} for address in target.addresses], "ports": port_list(target.ports)}],
        }
        for target in outside
        for source in target.sources
    }


def object_store_policies(store: ObjectStoreInCluster | None, client: str = "connect") -> dict[str, Manifest]:
    """Return a client's egress policy: public HTTPS for AWS (S3, STS, Glue have no fixed addresses), or the store's namespace."""
    if store is None:
        to: list[Manifest] = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_RANGES)}}]
        ports = port_list([443])
    else:
        to = [in_namespace(store.namespace)]
        ports = port_list([store.port])
    return {
        f"{client}-to-{OBJECT_STORE}": {
            "podSelector": selector(client),
            "policyTypes": ["Egress"],
            "egress": [{"to": to, "ports": ports}],
        }
    }


def all_policies(
    sources: Sequence[str],
    store: ObjectStoreInCluster | None,
    created: Collection[str] = COMPONENTS,
    outside: Sequence[ExternalSystem] = (),
) -> dict[str, Manifest]:
    """Return every network policy of the namespace, name to specification.

    Args:
        sources: Address ranges that may connect to published ports.
        store: The object store inside the cluster, or None for AWS.
        created: Components that the program creates.
        outside: Existing systems, in place of the other components or in addition to them.
    """
    edges = [edge for edge in DATA_PATH if edge.source in created and edge.target in created]
    return {
        **deny_all(),
        **edge_policies(edges),
        **published_policies(sources, created),
        **({} if any(other.name == OBJECT_STORE for other in outside) else object_store_policies(store)),
        **outside_policies(outside),
    }
