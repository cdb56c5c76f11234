"""Outputs of a stack. Every endpoint is reachable from the machine that ran the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from stack.specification.monitoring.grafana import ADMIN
from stack.specification.streaming.connect import CONNECT_USER
from stack.specification.streaming.registry import OPERATOR_USER

if TYPE_CHECKING:
    from components.archive.component import ArchiveResources
    from components.source.component import SourceResources
    from components.streaming.component import StreamingResources
    from stack.settings.names import Names
    from stack.settings.tables import Table
    from stack.specification.stack import Specification


def _archived(names: Names, table: Table, bucket: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    prefix = names.object_prefix(table)
    return {"name": table.qualified, "topic": names.topic(table), "location": pulumi.Output.concat("s3://", bucket, "/", prefix)}


def _database(spec: Specification, source: SourceResources) -> dict[str, pulumi.Input[Any]]:
    """Return address and database, and the application's login if the program created the server."""
    names, outside = spec.settings.names, spec.source.outside
    address: dict[str, pulumi.Input[Any]] = {"host": outside.host, "port": outside.port, "database": names.database}
    if source.app_password is None:
        return address
    password: pulumi.Output[str] = pulumi.Output.secret(source.app_password)
    return {**address, "user": names.app_role, "password": password, "caCertificate": source.ca_certificate}


def _registry(spec: Specification, stream: StreamingResources) -> dict[str, pulumi.Input[Any]]:
    """Return the URL, and the operator's login if the program created the registry."""
    if spec.streaming.registry is None or stream.registry_password is None:
        return {"url": spec.streaming.registry_url}
    password: pulumi.Output[str] = pulumi.Output.secret(stream.registry_password)
    return {"url": spec.streaming.registry.url, "user": OPERATOR_USER, "password": password}


def _catalog(spec: Specification, source: SourceResources) -> dict[str, pulumi.Input[str]]:
    names, password = spec.settings.names, source.catalog_password
    uri = f"postgresql://{spec.source.outside}/{names.catalog_database}"
    if password is None:
        return {"uri": uri}
    secret: pulumi.Output[str] = pulumi.Output.secret(password)
    return {"uri": uri, "user": names.catalog_role, "password": secret}


def _look_inside(spec: Specification) -> dict[str, str]:
    """Return commands that inspect the running pipeline."""
    names = spec.settings.names
    kubectl = _kubectl(spec, names.namespace)
    inside = {
        "pods": f"{kubectl} get pods",
        "workerLog": f"{kubectl} logs deployment/connect",
        "connectors": f"curl -s -u {CONNECT_USER} '{spec.streaming.connect.url}/connectors?expand=status'",
    }
    if spec.source.created is not None:
        inside["sql"] = f"{kubectl} exec -it postgresql-0 -- psql -U postgres {names.database}"
    if spec.streaming.kafka.created is not None:
        inside["brokerLog"] = f"{kubectl} logs kafka-0"
    if spec.audit is not None:
        audits = _kubectl(spec, spec.audit.namespace)
        inside["audits"] = f"{audits} get jobs --sort-by=.status.startTime"
        inside["auditReports"] = f"{audits} logs --selector=app.kubernetes.io/component=audit --tail=-1 --prefix"
    if spec.monitoring is not None and spec.settings.monitoring.grafana.enabled:
        inside["grafana"] = f"{_kubectl(spec, spec.monitoring.namespace)} port-forward deployment/grafana 3000"
    if spec.monitoring is not None and spec.settings.monitoring.is_managed:
        watched = _kubectl(spec, spec.monitoring.namespace)
        inside["prometheus"] = f"{watched} port-forward deployment/prometheus 9090"
        inside["alerts"] = f"{watched} port-forward deployment/alertmanager 9093"
    return inside


def _kubectl(spec: Specification, namespace: str) -> str:
    cluster = spec.settings.cluster
    kubeconfig = f" --kubeconfig {cluster.kubeconfig}" if cluster.kubeconfig else ""
    return f"kubectl --context {cluster.context} --namespace {namespace}{kubeconfig}"


def export(
    spec: Specification,
    source: SourceResources,
    stream: StreamingResources,
    archive: ArchiveResources,
    grafana_password: pulumi.Output[str] | None,
) -> None:
    """Export endpoints, names, credentials (as secrets), the memory used and the commands to look inside."""
    settings, names = spec.settings, spec.settings.names
    password: pulumi.Output[str] = pulumi.Output.secret(stream.connect_password)
    pulumi.export("namespace", names.namespace)
    pulumi.export("postgres", _database(spec, source))
    pulumi.export("kafka", {"bootstrapServers": ",".join(spec.streaming.kafka.bootstrap)})
    pulumi.export("registry", _registry(spec, stream))
    pulumi.export("connect", {"url": spec.streaming.connect.url, "user": CONNECT_USER, "password": password})
    writer = {"roleArn": archive.role_arn} if archive.role_arn else {}
    pulumi.export("archive", {"bucket": archive.bucket, "format": settings.archive.format, **writer})
    pulumi.export("tables", [_archived(names, table, archive.bucket) for table in settings.source.tables])
    if settings.archive.has_catalog_database:
        pulumi.export("catalog", _catalog(spec, source))
    budget, used = settings.budget.memory_mib, spec.memory_mib
    if spec.audit is not None:
        pulumi.export(
            "audit", {"namespace": spec.audit.namespace, "schedule": settings.audit.schedule, "memoryMiB": settings.audit.memory_mib}
        )
    if spec.monitoring is not None:
        pulumi.export("monitoring", {"namespace": spec.monitoring.namespace, "memoryMiB": settings.monitoring_mib})
    if grafana_password is not None:
        secret: pulumi.Output[str] = pulumi.Output.secret(grafana_password)
        pulumi.export("grafana", {"user": ADMIN, "password": secret})
    pulumi.export("memory", {"budgetMiB": budget, "usedMiB": used, "freeMiB": budget - used})
    pulumi.export("lookInside", _look_inside(spec))
