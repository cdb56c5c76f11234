"""Specification of the foundation: namespace, memory quota, storage classes and network policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.quantity import whole_mib
from settings.names import PART_OF
from specification.edges import COMPONENTS, OBJECT_STORE, ExternalSystem, ObjectStoreInCluster, all_policies
from specification.streaming import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settings.model import Settings
    from specification.manifest import Manifest
    from specification.workload import Workload

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
        """Labels of the namespace, which admits only pods that satisfy Pod Security ``restricted``."""
        modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        return {"app.kubernetes.io/part-of": PART_OF, **modes}

    @property
    def reclaim_policy(self) -> str:
        """Reclaim policy of the storage classes: the fate of a volume after the deletion of its claim."""
        return "Retain" if self.keep_volumes else "Delete"


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
    memory = f"{settings.budget.memory_mib}Mi"
    largest = f"{whole_mib(max(workload.largest_container_bytes for workload in workloads))}Mi"
    bounds: Manifest = {"type": "Container", "max": {"memory": largest}, "min": {"memory": f"{_SMALLEST_MIB}Mi"}}
    return Foundation(
        namespace=settings.names.namespace,
        existing_namespace=settings.cluster.existing_namespace,
        protect=settings.protect,
        keep_volumes=settings.cluster.keep_volumes,
        quota={"hard": {"limits.memory": memory, "requests.memory": memory}},
        limits={"limits": [bounds]},
        provisioner=settings.cluster.provisioner,
        storage_classes=tuple(name for name, is_created in classes.items() if is_created),
        network_policies=all_policies(
            settings.host.sources, ObjectStoreInCluster(store.namespace, store.port) if store else None, created, external
        ),
    )


def external_systems(settings: Settings) -> list[ExternalSystem]:
    """Return the existing systems outside the namespace that the stack uses."""
    database, streaming = settings.source.external, settings.streaming
    kafka, schemas = streaming.kafka.external, streaming.registry.external
    systems = []
    if database is not None:
        systems.append(ExternalSystem("postgresql", ("connect",), database.addresses, (database.port,)))
    if kafka is not None:
        clients = ("connect", registry.NAME) if streaming.registry.is_managed else ("connect",)
        systems.append(ExternalSystem("kafka", clients, kafka.addresses, kafka.ports))
    if settings.archive.aws_addresses:
        systems.append(ExternalSystem("aws-endpoints", ("connect",), settings.archive.aws_addresses, (443,)))
    if settings.archive.endpoint is not None:
        systems.append(ExternalSystem(OBJECT_STORE, ("connect",), settings.archive.endpoint.addresses, (settings.archive.endpoint.port,)))
    if schemas is not None:
        systems.append(ExternalSystem(registry.NAME, ("connect",), schemas.addresses, (schemas.port,)))
    return systems
