"""What a stack tells the people and scripts that use it; every endpoint works from the machine where the program ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.ecommerce import TABLES
from components.streaming import registry
from components.streaming.worker import CONNECT_USER

if TYPE_CHECKING:
    from components.archive.component import Archive
    from components.names import Names
    from components.source.component import Source
    from components.streaming.component import Streaming
    from components.tables import Table
    from settings import Settings


def _archived(names: Names, table: Table, bucket: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    prefix = names.object_prefix(table)
    return {"name": table.qualified, "topic": names.topic(table), "location": pulumi.Output.concat("s3://", bucket, "/", prefix)}


def export(settings: Settings, source: Source, stream: Streaming, archive: Archive) -> None:
    """Export endpoints, names, credentials (as secrets), the memory used and the commands to look inside."""
    host, names, streaming = settings.host, settings.names, settings.streaming
    bootstrap = ",".join(f"{host.address}:{port.host}" for port in host.kafka)
    registry_url = f"http://{host.address}:{host.registry.host}{registry.api_path(streaming.registry.kind)}"
    connect_url = f"http://{host.address}:{host.connect.host}"
    kubectl = f"kubectl --context {settings.cluster.context} --namespace {names.namespace}"
    if settings.cluster.kubeconfig:
        kubectl += f" --kubeconfig {settings.cluster.kubeconfig}"

    pulumi.export("namespace", names.namespace)
    pulumi.export(
        "postgres",
        {
            "host": host.address,
            "port": host.postgres.host,
            "database": names.database,
            "user": names.app_role,
            "password": pulumi.Output.secret(source.app_password),
            "caCertificate": source.ca_certificate,
        },
    )
    pulumi.export("kafka", {"bootstrapServers": bootstrap})
    pulumi.export(
        "registry", {"url": registry_url, "user": registry.OPERATOR_USER, "password": pulumi.Output.secret(stream.registry_password)}
    )
    pulumi.export("connect", {"url": connect_url, "user": CONNECT_USER, "password": pulumi.Output.secret(stream.connect_password)})
    pulumi.export("archive", {"bucket": archive.bucket, "format": settings.archive.format, "roleArn": archive.role_arn})
    pulumi.export("tables", [_archived(names, table, archive.bucket) for table in TABLES])
    if settings.archive.has_catalog_database:
        pulumi.export(
            "catalog",
            {
                "uri": f"postgresql://{host.address}:{host.postgres.host}/{names.catalog_database}",
                "user": names.catalog_role,
                "password": pulumi.Output.secret(source.endpoint.catalog_password),
            },
        )
    used = settings.memory_used_mib
    pulumi.export("memory", {"budgetMiB": settings.budget.memory_mib, "usedMiB": used, "freeMiB": settings.budget.memory_mib - used})
    pulumi.export(
        "lookInside",
        {
            "pods": f"{kubectl} get pods",
            "sql": f"{kubectl} exec -it postgresql-0 -- psql -U postgres {names.database}",
            "brokerLog": f"{kubectl} logs kafka-0",
            "workerLog": f"{kubectl} logs deployment/connect",
            "connectors": f"curl -s -u {CONNECT_USER} '{connect_url}/connectors?expand=status'",
        },
    )
