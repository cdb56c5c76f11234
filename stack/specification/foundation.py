"""Specification of the foundation: namespace, memory quota, storage classes and network policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.capacity.quantity import whole_mib
from stack.settings.names import PART_OF
from stack.specification.audit import network as of_audit
from stack.specification.edges import COMPONENTS, ObjectStoreInCluster, all_policies
from stack.specification.existing import external_systems
from stack.specification.monitoring import network as of_monitoring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.workload import Workload

DATABASE_CLASS = "data-ingestion-database"
STREAMING_CLASS = "data-ingestion-streaming"
_SMALLEST_MIB = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Specification of the foundation layer.

    Attributes:
        namespace: Name of the namespace.
        existing_namespace: Whether the namespace is an existing one.
        protect: Whether resources with data may be neither deleted nor replaced.
        keep_volumes: Whether volumes survive their claims.
        quota: Specification of the ResourceQuota.
        limits: Specification of the LimitRange.
        provisioner: Volume provisioner of the storage classes.
        storage_classes: Storage classes that the program creates.
        network_policies: Specification of each NetworkPolicy by name.
    """

    namespace: str
    existing_namespace: bool
    protect: bool
    keep_volumes: bool
    quota: Manifest
    limits: Manifest
    provisioner: str
    storage_classes: tuple[str, ...]
    network_policies: Mapping[str, Manifest]

    @property
    def namespace_labels(self) -> dict[str, str]:
        """Labels of the namespace."""
        return restricted_labels()

    @property
    def reclaim_policy(self) -> str:
        """Reclaim policy of the storage classes: the fate of a volume after the deletion of its claim."""
        return "Retain" if self.keep_volumes else "Delete"


def restricted_labels() -> dict[str, str]:
    """Return the labels of a namespace that admits only pods that satisfy Pod Security ``restricted``."""
    modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"app.kubernetes.io/part-of": PART_OF, **modes}


def memory_quota(memory_mib: int) -> Manifest:
    """Return the specification of a ResourceQuota: the memory of all pods of a namespace."""
    memory = f"{memory_mib}Mi"
    return {"hard": {"limits.memory": memory, "requests.memory": memory}}


def container_limits(largest_mib: int) -> Manifest:
    """Return the specification of a LimitRange: the memory of a namespace's largest container."""
    bounds: Manifest = {"type": "Container", "max": {"memory": f"{largest_mib}Mi"}, "min": {"memory": f"{_SMALLEST_MIB}Mi"}}
    return {"limits": [bounds]}


def foundation(settings: Settings, workloads: Sequence[Workload]) -> Foundation:
    """Return the specification of the foundation layer.

    Args:
        settings: The stack's settings.
        workloads: Workloads of all layers; their largest container is the limit of every container.
    """
    source, kafka = settings.source, settings.streaming.kafka
    classes = {
        DATABASE_CLASS: source.is_managed and source.storage_class is None,
        STREAMING_CLASS: kafka.is_managed and kafka.storage_class is None,
    }
    external = external_systems(settings)
    created = COMPONENTS - {other.name for other in external}
    store = settings.archive.store
    largest = whole_mib(max(workload.largest_container_bytes for workload in workloads))
    return Foundation(
        namespace=settings.names.namespace,
        existing_namespace=settings.cluster.existing_namespace,
        protect=settings.protect,
        keep_volumes=settings.cluster.keep_volumes,
        quota=memory_quota(settings.budget.memory_mib),
        limits=container_limits(largest),
        provisioner=settings.cluster.provisioner,
        storage_classes=tuple(name for name, is_created in classes.items() if is_created),
        network_policies={
            **all_policies(settings.host.sources, ObjectStoreInCluster(store.namespace, store.port) if store else None, created, external),
            **of_audit.pipeline_policies(settings),
            **of_monitoring.pipeline_policies(settings),
        },
    )
