"""Network policies of the scheduled audit: one pair for each system that it reads, in its namespace and in the pipeline's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.names import KAFKA_INTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT
from stack.specification.edges import deny_all
from stack.specification.reading_network import Asked, created, into_pipeline, out_of_cluster, out_of_reader
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest

COMPONENT = "audit"


def own_policies(settings: Settings) -> dict[str, Manifest]:
    """Return the policies of the audit's namespace: nothing in, and out to the systems that it reads."""
    return {**deny_all(), **out_of_reader(_asked(settings), settings.names.namespace), **out_of_cluster(settings, COMPONENT)}


def pipeline_policies(settings: Settings) -> dict[str, Manifest]:
    """Return the policies of the pipeline's namespace that let the audit in; none without an audit."""
    return into_pipeline(_asked(settings), settings.audit_namespace)


def _asked(settings: Settings) -> tuple[Asked, ...]:
    """Return every connection of the audit to a component that the program creates."""
    streaming = settings.streaming
    return created(
        {
            Asked(COMPONENT, "postgresql", POSTGRES_PORT): settings.source.is_managed,
            Asked(COMPONENT, "kafka", KAFKA_INTERNAL_PORT): streaming.kafka.is_managed,
            Asked(COMPONENT, registry.NAME, REGISTRY_PORT): streaming.registry.is_managed,
        }
    )
