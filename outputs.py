"""What a stack tells the people and scripts that use it; every endpoint works from the machine where the program ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from components.source.existing import ExistingSource
from components.streaming.worker import CONNECT_USER
from specification.streaming import registry
from specification.workloads import memory_used_mib

if TYPE_CHECKING:
    from components.archive.component import Archive
    from components.source.component import Source
    from components.streaming.component import Streaming
    from settings.model import Settings
    from settings.names import Names
    from settings.tables import Table
    from specification.services import Reach


def _archived(names: Names, table: Table, bucket: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    prefix = names.object_prefix(table)
    return {"name": table.qualified, "topic": names.topic(table), "location": pulumi.Output.concat("s3://", bucket, "/", prefix)}


def _database(settings: Settings, source: Source | ExistingSource) -> dict[str, pulumi.Input[Any]]:
    """The database, with the application's role where the program has made one."""
    address = {"host": source.endpoint.outside.host, "port": source.endpoint.outside.port, "database": settings.names.database}
    if isinstance(source, ExistingSource):
        return address
    password: pulumi.Output[str] = pulumi.Output.secret(source.app_password)
    return {**address, "user": settings.names.app_role, "password": password, "caCertificate": source.ca_certificate}


def _registry(settings: Settings, reach: Reach, stream: Streaming) -> dict[str, pulumi.Input[Any]]:
    """The registry, with the operator's login where the program has made it."""
    schemas = settings.streaming.registry
    if stream.registry_password is None:
        return {"url": stream.endpoint.registry_url}
    url = f"http://{reach.registry.outside}{registry.api_path(schemas.kind)}"
    return {"url": url, "user": registry.OPERATOR_USER, "password": pulumi.Output.secret(stream.registry_password)}


def export(settings: Settings, reach: Reach, source: Source | ExistingSource, stream: Streaming, archive: Archive) -> None:
    """Export endpoints, names, credentials (as secrets), the memory used and the commands to look inside."""
    names = settings.names
    connect_url = f"http://{reach.connect.outside}"
    kubectl = f"kubectl --context {settings.cluster.context} --namespace {names.namespace}"
    if settings.cluster.kubeconfig:
        kubectl += f" --kubeconfig {settings.cluster.kubeconfig}"

    pulumi.export("namespace", names.namespace)
    pulumi.export("postgres", _database(settings, source))
    pulumi.export("kafka", {"bootstrapServers": ",".join(stream.endpoint.bootstrap)})
    pulumi.export("registry", _registry(settings, reach, stream))
    pulumi.export("connect", {"url": connect_url, "user": CONNECT_USER, "password": pulumi.Output.secret(stream.connect_password)})
    writer = {"roleArn": archive.role_arn} if archive.role_arn else {}
    pulumi.export("archive", {"bucket": archive.bucket, "format": settings.archive.format, **writer})
    pulumi.export("tables", [_archived(names, table, archive.bucket) for table in settings.source.tables])
    if settings.archive.has_catalog_database:
        uri, password = f"postgresql://{source.endpoint.outside}/{names.catalog_database}", source.endpoint.catalog_password
        catalog: dict[str, pulumi.Input[str]] = {"uri": uri}
        if password is not None:
            secret: pulumi.Output[str] = pulumi.Output.secret(password)
            catalog |= {"user": names.catalog_role, "password": secret}
        pulumi.export("catalog", catalog)
    used = memory_used_mib(settings)
    pulumi.export("memory", {"budgetMiB": settings.budget.memory_mib, "usedMiB": used, "freeMiB": settings.budget.memory_mib - used})
    inside = {
        "pods": f"{kubectl} get pods",
        "workerLog": f"{kubectl} logs deployment/connect",
        "connectors": f"curl -s -u {CONNECT_USER} '{connect_url}/connectors?expand=status'",
    }
    if settings.source.is_managed:
        inside["sql"] = f"{kubectl} exec -it postgresql-0 -- psql -U postgres {names.database}"
    if settings.streaming.kafka.is_managed:
        inside["brokerLog"] = f"{kubectl} logs kafka-0"
    pulumi.export("lookInside", inside)
