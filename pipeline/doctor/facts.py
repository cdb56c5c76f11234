"""Facts about a Kubernetes cluster, and the requirements of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.cluster import ClusterSettings
    from stack.settings.monitoring import ExistingPrometheus
    from stack.specification.monitoring.operator import OperatorObject


@dataclass(frozen=True, slots=True)
class Mark:
    """A label or annotation of a namespace by which something adds a container to each of its pods.

    Attributes:
        kind: ``label`` or ``annotation``.
        key: Key of it.
        value: Value of it.
    """

    kind: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit range or a quota of a namespace.

    Attributes:
        kind: ``LimitRange`` or ``ResourceQuota``.
        name: Name of the object.
        spec: Specification of the object.
    """

    kind: str
    name: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PodContainer:
    """A container in the pods of one workload.

    Attributes:
        component: Name of the workload.
        name: Name of the container.
        pods: Number of the workload's pods.
        resources: Requests and limits, each by resource.
        stays: True if it runs beside the others, false for a step before them.
    """

    component: str
    name: str
    pods: int
    resources: Mapping[str, Any]
    stays: bool = True


@dataclass(frozen=True, slots=True)
class NamespaceContents:
    """Contents of an existing namespace.

    Attributes:
        strangers: Names of pods without the pipeline's label.
        claims: Names of claims that a missing StatefulSet of the pipeline would take over.
        marks: Labels and annotations by which something adds a container to each pod.
        guards: Limit ranges and quotas, but the pipeline's own.
    """

    strangers: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    guards: tuple[Guard, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Objects of one kind that a Prometheus reads.

    Attributes:
        objects: Label selector of the objects, as the cluster holds it; None chooses none.
        namespaces: Label selector of their namespaces; None is the Prometheus' own namespace.
    """

    objects: Mapping[str, Any] | None
    namespaces: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A Prometheus object of the operator.

    Attributes:
        name: Name of the object.
        choices: Kind of objects to the choice among them.
    """

    name: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The Prometheus Operator of a cluster.

    Attributes:
        served: Kinds of the operator's API that the cluster serves.
        prometheuses: Prometheus objects in the namespace that the stack names, or None if these credentials may not list them.
        namespace_labels: Labels of the namespace of the stack's objects; empty before it exists.
    """

    served: frozenset[str]
    prometheuses: tuple[Prometheus, ...] | None
    namespace_labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRequirements:
    """Objects of a stack for the Prometheus Operator, and the Prometheus that must read them.

    Attributes:
        objects: The objects; at least one.
        namespace: Their namespace.
        namespace_labels: Labels that the program puts on that namespace.
        existing: The Prometheus, as the stack describes it.
    """

    objects: tuple[OperatorObject, ...]
    namespace: str
    namespace_labels: Mapping[str, str]
    existing: ExistingPrometheus

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the objects, each once."""
        return tuple(dict.fromkeys(one.kind for one in self.objects))


@dataclass(frozen=True, slots=True)
class ClusterRequirements:
    """Requirements of a stack for its cluster.

    Attributes:
        settings: Settings of the cluster.
        namespace: Namespace of the pipeline.
        secrets: Secrets that must exist before ``up``, with the keys that each must have.
        stack: Name of the stack, for cures.
        sets: StatefulSets with volumes that the stack creates.
        operator: Requirements for the Prometheus Operator, or None for a stack that needs none.
        containers: Containers of the stack's pods in the namespace.
    """

    settings: ClusterSettings
    namespace: str
    secrets: Mapping[str, frozenset[str]]
    stack: str
    sets: tuple[str, ...] = ()
    operator: OperatorRequirements | None = None
    containers: tuple[PodContainer, ...] = ()


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
        operator: The Prometheus Operator, or None for a stack that needs none.
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
    operator: Operator | None = None
