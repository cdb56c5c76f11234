"""Targets of the scrape jobs: the pods that give figures, by whatever way a Prometheus finds them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.settings.names import BROKERS, EXPORTER_PORT
from stack.specification.monitoring import jmx, jobs, ports
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from stack.settings.model import Settings

# Headless Services beside the pods of the pipeline: the addresses of all pods, ready or not.
CONNECT_METRICS: Final = "connect-metrics"
REGISTRY_METRICS: Final = "schema-registry-metrics"
# First scrape of a Java agent takes up to 2.5 s on a busy core.
_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Pods of one scrape job.

    Attributes:
        job: Name of the job.
        component: Component of the pods.
        namespace: Their namespace.
        port_name: Name of the container's port with the figures.
        port: Its number.
        hosts: DNS name of each pod, by name of the pod; of a single pod, whose name changes, by its component.
        service: Headless Service whose addresses are the pods, or an empty text where they have names.
    """

    job: str
    component: str
    namespace: str
    port_name: str
    port: int
    hosts: tuple[tuple[str, str], ...] = ()
    service: str = ""


def targets(settings: Settings) -> tuple[Target, ...]:
    """Return the targets of a stack's jobs, without those of a Prometheus and of the kubelets."""
    found = {target.job: target for target in (*_of_pipeline(settings), *_of_monitoring(settings))}
    return tuple(found[job] for job in jobs.jobs(settings) if job in found)


def registry_port(settings: Settings) -> int:
    """Return the port where the registry gives its figures."""
    return registry.HEALTH_PORT if settings.streaming.registry.kind == "apicurio" else jmx.PORT


def interval(settings: Settings) -> str:
    """Return the time between two looks at a target, as Prometheus writes it."""
    return f"{settings.monitoring.interval_s}s"


def timeout(settings: Settings) -> str:
    """Return the time within which a target must answer, as Prometheus writes it."""
    return f"{min(_TIMEOUT_S, settings.monitoring.interval_s)}s"


def _of_pipeline(settings: Settings) -> tuple[Target, ...]:
    names = settings.names
    apicurio = settings.streaming.registry.kind == "apicurio"
    return (
        Target(
            job=jobs.KAFKA,
            component="kafka",
            namespace=names.namespace,
            port_name=jmx.PORT_NAME,
            port=jmx.PORT,
            hosts=tuple((f"kafka-{number}", names.broker(number)) for number in range(BROKERS)),
        ),
        # each worker by its own address, which is also the label of its series
        Target(
            job=jobs.CONNECT,
            component="connect",
            namespace=names.namespace,
            port_name=jmx.PORT_NAME,
            port=jmx.PORT,
            service=names.service(CONNECT_METRICS),
        ),
        Target(
            job=jobs.REGISTRY,
            component=registry.NAME,
            namespace=names.namespace,
            port_name=registry.HEALTH_PORT_NAME if apicurio else jmx.PORT_NAME,
            port=registry_port(settings),
            service=names.service(REGISTRY_METRICS),
        ),
    )


def _of_monitoring(settings: Settings) -> tuple[Target, ...]:
    """Return the exporters, one pod each."""
    namespace = settings.monitoring_namespace or ""
    exporters = {jobs.PIPELINE: (ports.EXPORTER, EXPORTER_PORT), jobs.POSTGRES: (ports.POSTGRES_EXPORTER, ports.POSTGRES_EXPORTER_PORT)}
    return tuple(
        Target(
            job=job,
            component=component,
            namespace=namespace,
            port_name=ports.WEB,
            port=port,
            hosts=((component, f"{ports.service(component)}.{namespace}.svc.cluster.local"),),
        )
        for job, (component, port) in exporters.items()
    )
