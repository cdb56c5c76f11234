"""Facts about a Kubernetes cluster, and the requirements of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.cluster import ClusterSettings


@dataclass(frozen=True, slots=True)
class NamespaceContents:
    """Contents of an existing namespace.

    Attributes:
        strangers: Names of pods without the pipeline's label.
        claims: Names of claims that a missing StatefulSet of the pipeline would take over.
    """

    strangers: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node.

    Attributes:
        name: Name of the node.
        ready: True if its condition is Ready.
        schedulable: True if ordinary pods may run on it.
        memory: Memory allocatable to pods, in bytes.
        images: Every name of the images it holds, as far as the kubelet lists them.
        zone: Zone of the node; empty without a zone label.
    """

    name: str
    ready: bool
    schedulable: bool
    memory: int
    images: frozenset[str]
    zone: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRequirements:
    """Requirements of a stack for its cluster.

    Attributes:
        settings: Settings of the cluster.
        namespace: Namespace of the pipeline.
        secrets: Secrets that must exist before ``up``, with the keys that each must have.
        stack: Name of the stack, for cures.
        sets: StatefulSets with volumes that the stack creates.
    """

    settings: ClusterSettings
    namespace: str
    secrets: Mapping[str, frozenset[str]]
    stack: str
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster as visible to the credentials of this kubeconfig.

    Attributes:
        server: Address of the API.
        version: Version, as the API reports it.
        nodes: All nodes.
        provisioners: Storage class to its provisioner.
        drivers: Installed CSI drivers.
        denied: Resource types that these credentials may not create.
        daemons: DaemonSet to its first image.
        has_namespace: True if the pipeline's namespace exists.
        secrets: Existing ones of the required Secrets, with their keys, without their values.
        reclaims: Storage class to its reclaim policy, ``Delete`` or ``Retain``.
        inside: Contents of an existing namespace; empty for a namespace that the program creates.
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
