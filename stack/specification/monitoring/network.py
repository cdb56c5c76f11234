"""Network policies of the monitoring: from each pod to what it asks, in its namespace and in the pipeline's, and no other way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.settings.names import CONNECT_PORT, KAFKA_INTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT
from stack.specification.edges import Edge, deny_all, edge_policies, in_namespace, port_list, selector
from stack.specification.monitoring.ports import (
    ALERTMANAGER,
    ALERTMANAGER_PORT,
    EXPORTER,
    GRAFANA,
    POSTGRES_EXPORTER,
    PROMETHEUS,
    PROMETHEUS_PORT,
)
from stack.specification.monitoring.targets import targets
from stack.specification.reading_network import Asked, created, egress, into_pipeline, out_of_cluster, out_of_reader
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest

_KUBELET_PORT: Final = 10250
# Of the Kubernetes API server: behind its Service, and as nodes have it.
_API_PORTS: Final = (443, 6443)


def own_policies(settings: Settings) -> dict[str, Manifest]:
    """Return the policies of the monitoring's namespace."""
    namespace = settings.monitoring_namespace or ""
    return {
        **deny_all(),
        **(_of_prometheus(settings) if settings.monitoring.is_managed else _into(settings, namespace)),
        **out_of_reader(asked(settings), settings.names.namespace),
        **out_of_cluster(settings, EXPORTER, {"postgresql": (POSTGRES_EXPORTER,)} if settings.watches_database else None),
    }


def _of_prometheus(settings: Settings) -> dict[str, Manifest]:
    """Return the policies of Prometheus and Alertmanager that the program creates."""
    receivers = settings.monitoring.receivers
    inner = [
        Edge(PROMETHEUS, ALERTMANAGER, (ALERTMANAGER_PORT,)),
        *([Edge(GRAFANA, PROMETHEUS, (PROMETHEUS_PORT,))] if settings.monitoring.grafana.enabled else []),
        *(Edge(PROMETHEUS, one.component, (one.port,)) for one in targets(settings) if one.namespace == settings.monitoring_namespace),
    ]
    return {
        **edge_policies(inner),
        **_to(PROMETHEUS, "kubelets", settings.monitoring.kubelets, (_KUBELET_PORT, *_API_PORTS)),
        **_to(ALERTMANAGER, "receivers", receivers.addresses, receivers.ports),
    }


def asked(settings: Settings) -> tuple[Asked, ...]:
    """Return every connection of the monitoring's own pods to a component that the program creates."""
    streaming = settings.streaming
    return created(
        {
            **{
                Asked(PROMETHEUS, one.component, one.port): settings.monitoring.is_managed
                for one in targets(settings)
                if one.namespace == settings.names.namespace
            },
            Asked(EXPORTER, "postgresql", POSTGRES_PORT): settings.source.is_managed,
            Asked(EXPORTER, "kafka", KAFKA_INTERNAL_PORT): streaming.kafka.is_managed,
            Asked(EXPORTER, registry.NAME, REGISTRY_PORT): streaming.registry.is_managed,
            Asked(EXPORTER, "connect", CONNECT_PORT): True,
            Asked(POSTGRES_EXPORTER, "postgresql", POSTGRES_PORT): settings.source.is_managed,
        }
    )


def pipeline_policies(settings: Settings) -> dict[str, Manifest]:
    """Return the policies of the pipeline's namespace that let the monitoring in; none without it."""
    return {**into_pipeline(asked(settings), settings.monitoring_namespace), **_into(settings, settings.names.namespace)}


def _into(settings: Settings, namespace: str) -> dict[str, Manifest]:
    """Return the policies of a namespace that let an existing Prometheus in, to the ports with figures."""
    existing = settings.monitoring.external
    if existing is None or not settings.monitoring.enabled:
        return {}
    peer = {**in_namespace(existing.namespace), "podSelector": {"matchLabels": dict(existing.pod_labels)}}
    return {
        f"{PROMETHEUS}-to-{one.component}-ingress": {
            "podSelector": selector(one.component),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [peer], "ports": port_list([one.port])}],
        }
        for one in targets(settings)
        if one.namespace == namespace
    }


def _to(source: str, name: str, ranges: Sequence[str], numbers: Sequence[int]) -> dict[str, Manifest]:
    """Return the policy that lets a component connect to address ranges; none without a range."""
    return {f"{source}-to-{name}": egress(source, [{"ipBlock": {"cidr": one}} for one in ranges], numbers)} if ranges else {}
