"""Specification of a whole stack, rendered once: all that the program declares, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.capacity.pods import containers, pod_spec
from stack.capacity.quantity import whole_mib
from stack.specification.archive.layer import archive
from stack.specification.audit.layer import audit
from stack.specification.foundation import foundation
from stack.specification.monitoring.layer import monitoring
from stack.specification.services import PublishedServices
from stack.specification.source.layer import source
from stack.specification.streaming.layer import streaming

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.archive.layer import Archive
    from stack.specification.audit.layer import Audit
    from stack.specification.foundation import Foundation
    from stack.specification.monitoring.layer import Monitoring
    from stack.specification.source.layer import Source
    from stack.specification.streaming.parts import ConnectorSpec, Streaming
    from stack.specification.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """Specification of a stack. Passwords, the role's ARN and the cluster id are references; all else is a plain value.

    Attributes:
        settings: Settings of the stack.
        foundation: Namespace, quota, storage classes and network policies.
        source: Captured database.
        streaming: Kafka, schema registry, Connect and Debezium.
        archive: Bucket, AWS identity, Iceberg tables and sink.
        audit: The scheduled audit, or None without one.
        monitoring: Prometheus, Alertmanager and the exporters, or None without them.
    """

    settings: Settings
    foundation: Foundation
    source: Source
    streaming: Streaming
    archive: Archive
    audit: Audit | None
    monitoring: Monitoring | None

    @classmethod
    def of(cls, settings: Settings) -> Specification:
        """Render the specification of a stack."""
        services = PublishedServices(host=settings.host, names=settings.names)
        database = source(settings, services)
        stream = streaming(settings, services, database)
        return cls(
            settings=settings,
            foundation=foundation(settings, _workloads(database, stream)),
            source=database,
            streaming=stream,
            archive=archive(settings, database, stream.kafka, stream.registry_url),
            audit=audit(settings, database, stream.registry_url),
            monitoring=monitoring(settings, database, stream.registry_url, _workloads(database, stream)),
        )

    @property
    def connectors(self) -> tuple[ConnectorSpec, ...]:
        """The source connector, and those of all sinks."""
        return (self.streaming.source_connector, *self.archive.connectors)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All workloads that the program creates."""
        return _workloads(self.source, self.streaming)

    @property
    def images(self) -> tuple[str, ...]:
        """Images of all containers, each once: of the pipeline, the audit and the monitoring."""
        watched = self.monitoring.workloads if self.monitoring else ()
        pods = [workload.pod for workload in (*self.workloads, *watched)]
        pods += [pod_spec("CronJob", {"spec": self.audit.cron_job})] if self.audit else []
        return tuple(dict.fromkeys(str(container["image"]) for pod in pods for _role, container in containers(pod)))

    @property
    def memory_mib(self) -> int:
        """Memory limits of all pods, in MiB."""
        return whole_mib(sum(workload.memory_bytes for workload in self.workloads))

    @property
    def largest_container_mib(self) -> int:
        """Memory limit of the largest container, in MiB."""
        return whole_mib(max(workload.largest_container_bytes for workload in self.workloads))

    @property
    def volumes_mib(self) -> int:
        """Size of all volumes, in MiB."""
        return whole_mib(sum(workload.volume_bytes for workload in self.workloads))


def _workloads(source: Source, streaming: Streaming) -> tuple[Workload, ...]:
    parts = (source.created, streaming.kafka.created, streaming.registry, streaming.connect)
    return tuple(part.workload for part in parts if part is not None)
