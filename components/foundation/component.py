"""The ground that the pipeline stands on.

A namespace that admits only restricted pods, holds the memory budget at run time and lets nobody talk to anybody except along
the data path. It does not make a cluster. A NetworkPolicy is enforced by the cluster's network plug-in: where that has none, these
objects change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s

from settings.names import PART_OF
from specification.edges import COMPONENTS, ObjectStoreInCluster, Outside, all_policies

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DATABASE_CLASS = "data-ingestion-database"
STREAMING_CLASS = "data-ingestion-streaming"
_SMALLEST_MIB = 16


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    """What the ground depends on.

    Attributes:
        namespace: Name of the namespace.
        budget_mib: Memory of all its pods together.
        largest_container_mib: Memory of the largest container; a larger one is refused.
        provisioner: What makes volumes in this cluster.
        keep_volumes: Whether volumes outlive their claims.
        host_sources: Address ranges that published ports are reached from.
        store: The object store inside the cluster, or None for AWS.
        existing_namespace: Whether the namespace is there already.
        protect: Whether what holds data may not be deleted or replaced.
        database_class: Storage class for the database that is there already, or None to make one.
        streaming_class: The same for the brokers.
        made: The components that the pipeline makes.
        outside: What it uses instead of the others.
    """

    namespace: str
    budget_mib: int
    largest_container_mib: int
    provisioner: str
    keep_volumes: bool
    host_sources: Sequence[str]
    store: ObjectStoreInCluster | None
    existing_namespace: bool = False
    protect: bool = False
    database_class: str | None = None
    streaming_class: str | None = None
    made: Collection[str] = COMPONENTS
    outside: Sequence[Outside] = ()


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the layers build on.

    Attributes:
        namespace: The namespace's name, known once quota, policies and storage classes are there too.
        database_class: Storage class for the database.
        streaming_class: Storage class for the brokers.
        protect: Whether what holds data may not be deleted or replaced.
        keep_volumes: Whether volumes outlive what they were made for.
        ends_with: The namespace as a resource: what lives inside it and is gone with it need not be deleted one by one, by servers that
            may be gone already; None where the namespace stays.
    """

    namespace: pulumi.Output[str]
    database_class: str = DATABASE_CLASS
    streaming_class: str = STREAMING_CLASS
    protect: bool = False
    keep_volumes: bool = True
    ends_with: pulumi.Resource | None = None


class Foundation(pulumi.ComponentResource):
    """Namespace, quota, storage classes and network policies."""

    ground: Ground

    def __init__(self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace and everything in it that is not a workload."""
        super().__init__("cdc:foundation:Foundation", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = None if args.existing_namespace else self._make_namespace()
        self._namespace: pulumi.Input[str] = namespace.metadata["name"] if namespace else args.namespace
        made: list[Any] = [self._quota(), self._limits(), *self._storage_classes(), *self._network_policies()]
        settled = pulumi.Output.all(self._namespace, *(resource.metadata["name"] for resource in made))
        self.ground = Ground(
            namespace=settled.apply(lambda names: str(names[0])),
            database_class=args.database_class or DATABASE_CLASS,
            streaming_class=args.streaming_class or STREAMING_CLASS,
            protect=args.protect,
            keep_volumes=args.keep_volumes,
            ends_with=namespace,
        )
        self.register_outputs({"namespace": self.ground.namespace})

    def _make_namespace(self) -> k8s.core.v1.Namespace:
        labels = {"app.kubernetes.io/part-of": PART_OF}
        for mode in ("enforce", "audit", "warn"):
            labels[f"pod-security.kubernetes.io/{mode}"] = "restricted"
        keep = self._args.protect or None
        options = pulumi.ResourceOptions(parent=self, protect=keep, retain_on_delete=keep)
        return k8s.core.v1.Namespace(f"{self._name}-namespace", metadata={"name": self._args.namespace, "labels": labels}, opts=options)

    def _meta(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        return {"name": name, "namespace": self._namespace, "labels": {"app.kubernetes.io/part-of": PART_OF}}

    def _quota(self) -> k8s.core.v1.ResourceQuota:
        memory = f"{self._args.budget_mib}Mi"
        return k8s.core.v1.ResourceQuota(
            f"{self._name}-memory-budget",
            metadata=self._meta("memory-budget"),
            spec={"hard": {"limits.memory": memory, "requests.memory": memory}},
            opts=self._child,
        )

    def _limits(self) -> k8s.core.v1.LimitRange:
        bounds: Any = {
            "type": "Container",
            "max": {"memory": f"{self._args.largest_container_mib}Mi"},
            "min": {"memory": f"{_SMALLEST_MIB}Mi"},
        }
        return k8s.core.v1.LimitRange(
            f"{self._name}-container-memory", metadata=self._meta("container-memory"), spec={"limits": [bounds]}, opts=self._child
        )

    def _storage_classes(self) -> list[k8s.storage.v1.StorageClass]:
        """Those that something of the pipeline's own needs and that are not there already."""
        args = self._args
        wanted = {
            DATABASE_CLASS: "postgresql" in args.made and args.database_class is None,
            STREAMING_CLASS: "kafka" in args.made and args.streaming_class is None,
        }
        return [
            k8s.storage.v1.StorageClass(
                f"{self._name}-{name}",
                metadata={"name": name, "labels": {"app.kubernetes.io/part-of": PART_OF}},
                provisioner=self._args.provisioner,
                reclaim_policy="Retain" if self._args.keep_volumes else "Delete",
                volume_binding_mode="WaitForFirstConsumer",
                opts=self._child,
            )
            for name, is_wanted in wanted.items()
            if is_wanted
        ]

    def _policies(self) -> dict[str, Any]:
        args = self._args
        return all_policies(args.host_sources, args.store, args.made, args.outside)

    def _network_policies(self) -> list[k8s.networking.v1.NetworkPolicy]:
        return [
            k8s.networking.v1.NetworkPolicy(f"{self._name}-{name}", metadata=self._meta(name), spec=spec, opts=self._child)
            for name, spec in self._policies().items()
        ]
