"""A stack's settings, and the requirements that the commands derive from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.doctor import admission
from pipeline.doctor.facts import ClusterRequirements, OperatorRequirements
from pipeline.existing_database.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from stack.settings.model import Settings
    from stack.settings.names import PublishedPort
    from stack.specification.stack import Specification


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack with its specification.

    Attributes:
        name: Name of the stack.
        specification: Specification of the stack.
        root: Folder of the project.
    """

    name: str
    specification: Specification
    root: Path

    @property
    def settings(self) -> Settings:
        """Settings of the stack."""
        return self.specification.settings

    @property
    def throw_away(self) -> bool:
        """True for the sandbox's stack: ``make sandbox`` creates its cluster and store without the Pulumi CLI."""
        return self.settings.environment == "sandbox"

    @property
    def images(self) -> tuple[str, ...]:
        """Images of the stack's pods."""
        return tuple(dict.fromkeys(str(workload.process["image"]) for workload in self.specification.workloads))

    @property
    def ports(self) -> tuple[PublishedPort, ...]:
        """Ports of every service that the stack publishes on this machine."""
        settings, host = self.settings, self.settings.host
        return (
            *([host.postgres] if settings.source.is_managed else []),
            *(host.kafka if settings.streaming.kafka.is_managed else []),
            *([host.registry] if settings.streaming.registry.is_managed else []),
            host.connect,
        )

    @property
    def place(self) -> ClusterRequirements:
        """Requirements of the stack for its cluster."""
        settings, streaming = self.settings, self.settings.streaming
        login = frozenset({"username", "password"})
        database, brokers, schemas = settings.source.external, streaming.kafka.external, streaming.registry.external
        objects = settings.archive.endpoint
        wanted = {
            **({database.secret: login | {"ca.crt"}} if database else {}),
            **({database.catalog_secret: login | {"ca.crt"}} if database and database.catalog_secret else {}),
            **({brokers.secret: login} if brokers and brokers.secret else {}),
            **({schemas.secret: login} if schemas else {}),
            **({objects.secret: frozenset({"credentials"})} if objects else {}),
        }
        sets = tuple(workload.component for workload in self.specification.workloads if workload.kind == "StatefulSet")
        pods = admission.of_pods(self.specification.workloads)
        return ClusterRequirements(settings.cluster, settings.names.namespace, wanted, self.name, sets, self._operator, pods)

    @property
    def _operator(self) -> OperatorRequirements | None:
        """Requirements of the stack for the Prometheus Operator, or None if the operator reads nothing of it."""
        watch, existing = self.specification.monitoring, self.settings.monitoring.external
        if watch is None or existing is None or not watch.objects:
            return None
        return OperatorRequirements(objects=watch.objects, namespace=watch.namespace, namespace_labels=watch.labels, existing=existing)

    @property
    def own_classes(self) -> bool:
        """True if the stack creates storage classes."""
        return bool(self.specification.foundation.storage_classes)

    @property
    def named_classes(self) -> tuple[str, ...]:
        """Storage classes that must exist."""
        source, brokers = self.settings.source, self.settings.streaming.kafka
        named = [part.storage_class for part in (source, brokers) if part.is_managed and part.storage_class]
        return tuple(dict.fromkeys(named))

    @property
    def target(self) -> Target | None:
        """The existing database, or None when the program creates its own."""
        return Target.of(self.name, self.settings)
