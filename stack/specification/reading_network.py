"""Network policies of what reads the pipeline from a namespace of its own: both ends of each connection, from one list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stack.specification.edges import (
    OBJECT_STORE,
    ObjectStoreInCluster,
    in_namespace,
    object_store_policies,
    outside_policies,
    port_list,
    selector,
)
from stack.specification.existing import external_systems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Asked:
    """A connection from a reader's namespace into the pipeline's.

    Attributes:
        source: Component that reads.
        target: Component of the pipeline.
        port: TCP port of the target.
    """

    source: str
    target: str
    port: int


def created(connections: Mapping[Asked, bool]) -> tuple[Asked, ...]:
    """Return the connections to components that the program creates: those with True."""
    return tuple(connection for connection, is_created in connections.items() if is_created)


def egress(source: str, to: Sequence[Manifest], numbers: Sequence[int]) -> Manifest:
    """Return the policy that lets a component connect to peers at TCP ports."""
    return {"podSelector": selector(source), "policyTypes": ["Egress"], "egress": [{"to": list(to), "ports": port_list(numbers)}]}


def out_of_reader(asked: Sequence[Asked], pipeline: str) -> dict[str, Manifest]:
    """Return the policies of a reader's namespace: out to the pipeline's components.

    Args:
        asked: The connections.
        pipeline: Namespace of the pipeline.
    """
    return {f"{one.source}-to-{one.target}": egress(one.source, [in_namespace(pipeline, one.target)], [one.port]) for one in asked}


def into_pipeline(asked: Sequence[Asked], reader: str | None) -> dict[str, Manifest]:
    """Return the policies of the pipeline's namespace that let a reader in; none without its namespace.

    Args:
        asked: The connections.
        reader: Namespace of the reader, or None.
    """
    if reader is None:
        return {}
    return {
        f"{one.source}-to-{one.target}-ingress": {
            "podSelector": selector(one.target),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [in_namespace(reader, one.source)], "ports": port_list([one.port])}],
        }
        for one in asked
    }


def out_of_cluster(settings: Settings, reader: str, further: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Manifest]:
    """Return a reader's policies to the existing systems and to the archive.

    Args:
        settings: The stack's settings.
        reader: Component that reads.
        further: Components that connect to an existing system too, by its name.
    """
    store, systems = settings.archive.store, external_systems(settings)
    outside = [replace(system, sources=(reader, *(further or {}).get(system.name, ()))) for system in systems]
    replaced = any(system.name == OBJECT_STORE for system in systems)
    in_cluster = ObjectStoreInCluster(store.namespace, store.port) if store else None
    return {**({} if replaced else object_store_policies(in_cluster, reader)), **outside_policies(outside)}
