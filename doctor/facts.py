"""Facts about a Kubernetes cluster, as the doctor sees them, and what a stack requires of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.cluster import ClusterSettings


@dataclass(frozen=True, slots=True)
class NamespaceContents:
    """What a namespace holds.

    Attributes:
        strangers: Pods without the pipeline's label.
        claims: Claims that a StatefulSet of the pipeline would take over, without that StatefulSet.
    """

    strangers: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node.

    Attributes:
        name: Its name.
        ready: Whether it says so.
        schedulable: Whether ordinary pods may run there.
        memory: Bytes that pods may use there.
        images: Every name of the images it holds, as far as the kubelet lists them.
        zone: Where it stands; empty where nobody says so.
    """

    name: str
    ready: bool
    schedulable: bool
    memory: int
    images: frozenset[str]
    zone: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRequirements:
    """What is looked for in a cluster.

    Attributes:
        settings: Which cluster.
        namespace: Where the pipeline will be.
        secrets: Secrets that must be there beforehand, with the keys that each must have.
        stack: Name of the stack, for cures.
        sets: StatefulSets with volumes that the stack makes.
    """

    settings: ClusterSettings
    namespace: str
    secrets: Mapping[str, frozenset[str]]
    stack: str
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster as seen with the rights of this kubeconfig.

    Attributes:
        server: Address of its API.
        version: Its version, as it prints it.
        nodes: Its nodes.
        provisioners: Storage class to what makes its volumes.
        drivers: Storage drivers that are installed.
        denied: What may not be made with these rights.
        daemons: Name to first image of what runs on every node.
        has_namespace: Whether the pipeline's namespace is there.
        secrets: Those of the wanted Secrets that are there, with their keys and nothing of their values.
        reclaims: Storage class to what becomes of its volumes without their claims, ``Delete`` or ``Retain``.
        inside: What the namespace holds, where somebody else makes it.
    """

    server: str
    version: str
    nodes: tuple[Node, ...]
    provisioners: Mapping[str, str]
    drivers: frozenset[str]
    denied: tuple[str, ...]
    daemons: Mapping[str, str]
    has_namespace: bool
    secrets: Mapping[str, frozenset[str]]
    reclaims: Mapping[str, str]
    inside: NamespaceContents
