"""A stack as its settings have it, and what a command has to look at for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.facts import ClusterRequirements
from existing_database.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from settings.model import Settings
    from settings.names import PublishedPort
    from specification.stack import Specification


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack.

    Attributes:
        name: Name of the stack.
        specification: Its specification.
        root: The project's folder.
    """

    name: str
    specification: Specification
    root: Path

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return self.specification.settings

    @property
    def throw_away(self) -> bool:
        """Whether ``make sandbox`` carries it: it makes the cluster and the store itself, without the Pulumi CLI."""
        return self.settings.environment == "sandbox"

    @property
    def images(self) -> tuple[str, ...]:
        """Images of its pods."""
        return tuple(dict.fromkeys(str(workload.process["image"]) for workload in self.specification.workloads))

    @property
    def ports(self) -> tuple[PublishedPort, ...]:
        """Ports of every service that it publishes on this machine."""
        settings, host = self.settings, self.settings.host
        return (
            *([host.postgres] if settings.source.is_managed else []),
            *(host.kafka if settings.streaming.kafka.is_managed else []),
            *([host.registry] if settings.streaming.registry.is_managed else []),
            host.connect,
        )

    @property
    def place(self) -> ClusterRequirements:
        """What must be in its cluster."""
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
        return ClusterRequirements(settings.cluster, settings.names.namespace, wanted, self.name, sets)

    @property
    def own_classes(self) -> bool:
        """Whether it creates storage classes."""
        return bool(self.specification.foundation.storage_classes)

    @property
    def named_classes(self) -> tuple[str, ...]:
        """Storage classes that must be there."""
        source, brokers = self.settings.source, self.settings.streaming.kafka
        named = [part.storage_class for part in (source, brokers) if part.is_managed and part.storage_class]
        return tuple(dict.fromkeys(named))

    @property
    def target(self) -> Target | None:
        """The database that was there before, or None when the program makes it."""
        return Target.of(self.name, self.settings)
