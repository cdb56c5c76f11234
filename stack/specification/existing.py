"""Existing systems outside the pipeline's namespace, and who connects to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.edges import OBJECT_STORE, ExternalSystem
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from stack.settings.model import Settings


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
