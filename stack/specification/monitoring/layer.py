"""Specification of the monitoring: a namespace with a budget, logins that may only read, the exporters, and Prometheus or its objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.capacity.quantity import whole_mib
from stack.settings.names import EXPORTER_PORT, READER_FILE
from stack.specification import manifest
from stack.specification.archive.readers import reading_identity
from stack.specification.foundation import container_limits, memory_quota, restricted_labels
from stack.specification.monitoring import alertmanager, exporter, grafana, operator, pods, ports, prometheus
from stack.specification.monitoring.network import own_policies
from stack.specification.monitoring.rules.files import rule_files, rule_groups
from stack.specification.monitoring.targets import CONNECT_METRICS, REGISTRY_METRICS, targets
from stack.specification.streaming.registry import AUDIT_USER
from stack.specification.streaming.registry import NAME as REGISTRY
from stack.specification.workload import deployment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings
    from stack.specification.archive.identity import PodIdentity
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.operator import OperatorObject
    from stack.specification.source.layer import Source
    from stack.specification.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """Specification of the monitoring.

    Attributes:
        namespace: Name of its namespace, which the program creates.
        labels: Labels of the namespace, which admits only pods that satisfy Pod Security ``restricted``.
        quota: Specification of the ResourceQuota.
        limits: Specification of the LimitRange.
        network_policies: Specification of each NetworkPolicy by name.
        workloads: The exporters, and Prometheus, Alertmanager and Grafana if the program creates them.
        objects: What the Prometheus Operator reads for an existing Prometheus.
        ports: Port of each workload, which is also its Service's.
        scraped: Headless Services in the pipeline's namespace, by which Prometheus finds pods: name to component and port.
        database: User of the database, or None if an existing Secret has the login.
        registry: User of the schema registry, or None likewise.
        reader: AWS identity of the exporter, or None if an existing Secret has its keys.
        finds_nodes: Whether Prometheus may list nodes and read their figures.
    """

    namespace: str
    labels: Mapping[str, str]
    quota: Manifest
    limits: Manifest
    network_policies: Mapping[str, Manifest]
    workloads: tuple[Workload, ...]
    objects: tuple[OperatorObject, ...]
    ports: Mapping[str, int]
    scraped: Mapping[str, tuple[str, int]]
    database: str | None
    registry: str | None
    reader: PodIdentity | None
    finds_nodes: bool


def monitoring(settings: Settings, source: Source, registry_url: str, pipeline: Sequence[Workload]) -> Monitoring | None:
    """Return the specification of the monitoring, or None for a stack without it.

    Args:
        settings: The stack's settings.
        source: Specification of the captured database.
        registry_url: Confluent-compatible API of the registry as pods reach it.
        pipeline: Workloads of the pipeline, whose memory is watched.
    """
    namespace = settings.monitoring_namespace
    if namespace is None:
        return None
    reader = None if settings.archive.endpoint is not None else reading_identity(settings, namespace, ports.EXPORTER)
    section = settings.monitoring
    workloads = _workloads(settings, source, registry_url, reader)
    if section.is_managed:
        workloads = (*_prometheus(settings, rule_files(settings, pipeline)), *workloads)
    return Monitoring(
        namespace=namespace,
        labels=restricted_labels(),
        quota=memory_quota(settings.monitoring_mib),
        limits=container_limits(whole_mib(max(workload.largest_container_bytes for workload in workloads))),
        network_policies=own_policies(settings),
        workloads=workloads,
        objects=operator.objects(settings, rule_groups(settings, pipeline)),
        ports={name: port for name, port in _PORTS.items() if any(workload.component == name for workload in workloads)},
        scraped=_scraped(settings),
        database=settings.names.audit_role if settings.source.is_managed else None,
        registry=AUDIT_USER if settings.streaming.registry.is_managed else None,
        reader=reader,
        finds_nodes=section.is_managed and section.asks_kubelets,
    )


_PORTS: Final = {
    ports.PROMETHEUS: ports.PROMETHEUS_PORT,
    ports.ALERTMANAGER: ports.ALERTMANAGER_PORT,
    ports.EXPORTER: EXPORTER_PORT,
    ports.POSTGRES_EXPORTER: ports.POSTGRES_EXPORTER_PORT,
    ports.GRAFANA: ports.GRAFANA_PORT,
}


def _scraped(settings: Settings) -> dict[str, tuple[str, int]]:
    """Return the Services by which a Prometheus without Kubernetes' objects finds pods."""
    services = {"connect": CONNECT_METRICS, REGISTRY: REGISTRY_METRICS}
    if settings.monitoring.kind == "operator":
        return {}
    return {services[one.component]: (one.component, one.port) for one in targets(settings) if one.service}


def _prometheus(settings: Settings, rules: Mapping[str, str]) -> tuple[Workload, ...]:
    files = {
        ports.PROMETHEUS: {prometheus.FILE: prometheus.config_file(settings, rules), **rules},
        ports.ALERTMANAGER: alertmanager.files(settings),
    }
    specs = {ports.PROMETHEUS: pods.prometheus_pod(settings), ports.ALERTMANAGER: pods.alertmanager_pod(settings)}
    if settings.monitoring.grafana.enabled:
        specs[ports.GRAFANA], files[ports.GRAFANA] = grafana.pod(settings), grafana.files()
    return tuple(_workload(settings, component, pod, files[component]) for component, pod in specs.items())


def _workloads(settings: Settings, source: Source, registry_url: str, reader: PodIdentity | None) -> tuple[Workload, ...]:
    document = json.dumps(exporter.document(settings, source, registry_url), indent=2, sort_keys=True) + "\n"
    pod = pods.exporter_pod(settings, exporter.secrets(settings, reader))
    own = _workload(settings, ports.EXPORTER, pod, {READER_FILE: document})
    login = exporter.DATABASE_LOGIN if settings.source.is_managed else settings.monitoring.secrets.database
    if not settings.watches_database or login is None:
        return (own,)
    return (own, _workload(settings, ports.POSTGRES_EXPORTER, pods.postgres_exporter_pod(settings, source.inside, login)))


def _workload(settings: Settings, component: str, pod: Manifest, files: Mapping[str, str] | None = None) -> Workload:
    # an exporter reads its logins at its start
    read = {ports.EXPORTER: ("audit", "connect"), ports.POSTGRES_EXPORTER: ("audit",)}
    return deployment(
        component,
        pod,
        files={f"{component}-config": files} if files is not None else {},
        checksum=manifest.checksum(files, settings.rotation.words(*read.get(component, ()))),
    )
