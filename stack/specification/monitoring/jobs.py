"""Scrape jobs of Prometheus: their names, and which of them a stack has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stack.settings.model import Settings

KAFKA: Final = "kafka"
CONNECT: Final = "connect"
REGISTRY: Final = "registry"
POSTGRES: Final = "postgres"
PIPELINE: Final = "pipeline"
KUBELET: Final = "kubelet"
PROMETHEUS: Final = "prometheus"
ALERTMANAGER: Final = "alertmanager"


def jobs(settings: Settings) -> tuple[str, ...]:
    """Return the jobs of a stack: none of an existing system that gives the program no figures, nor of an existing Prometheus."""
    exists = {
        PIPELINE: True,
        POSTGRES: settings.watches_database,
        KAFKA: settings.streaming.kafka.is_managed,
        CONNECT: True,
        REGISTRY: settings.streaming.registry.is_managed,
        KUBELET: settings.monitoring.asks_kubelets,
        PROMETHEUS: settings.monitoring.is_managed,
        ALERTMANAGER: settings.monitoring.is_managed,
    }
    return tuple(job for job, there in exists.items() if there)
