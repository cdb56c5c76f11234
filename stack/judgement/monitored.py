"""Rules for the monitoring: one that could not work is refused before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.judgement.readers import namespace_problems, role_problems, secret_problems
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.settings.model import Settings

# What each process takes at rest, in MiB: measured with the sandbox's tables (docs/monitoring.md). Of Grafana, half of the 255 MB that its
# own installation page called the least up to version 9.2, and the limit in the example of its chart.
_LEAST_MIB: Final = {"prometheusMib": 128, "alertmanagerMib": 32, "postgresExporterMib": 24, "exporterMib": 112, "grafana.memoryMib": 128}
# 7,000 series (docs/monitoring.md) every 5 seconds for the three hours until a block is written, at 2 bytes a sample in the head and
# 4 in its log; the volume has twice the retention.
_LEAST_RETENTION_MIB: Final = 64


def monitoring_problems(settings: Settings) -> list[Problem]:
    """Return every reason why the monitoring of a stack could not work."""
    namespace = settings.monitoring_namespace
    if namespace is None:
        return []
    audits = settings.audit_namespace
    others = {audits: "the audit's"} if audits is not None else {}
    own = {settings.names.namespace: "the pipeline's", namespace: "the monitoring's", **others}
    return [
        *namespace_problems(settings, "monitoring", namespace, others),
        *role_problems(settings),
        *secret_problems(settings, "monitoring", namespace, settings.monitoring.secrets),
        *_memory(settings),
        *_existing(settings, own),
    ]


def _existing(settings: Settings, own: Mapping[str, str]) -> Iterator[Problem]:
    """Check that an existing Prometheus is elsewhere."""
    existing = settings.monitoring.external
    if existing is not None and existing.namespace in own:
        yield Problem(
            path="monitoring.external.namespace",
            value=existing.namespace,
            rule=f"is {own[existing.namespace]} namespace, whose quota and network policies leave no room for another pod",
            cure="write the namespace where the existing Prometheus runs",
        )


def _memory(settings: Settings) -> Iterator[Problem]:
    section = settings.monitoring
    sizes = {
        **({"prometheusMib": section.prometheus_mib, "alertmanagerMib": section.alertmanager_mib} if section.is_managed else {}),
        **({"grafana.memoryMib": section.grafana_mib} if section.is_managed and section.grafana.enabled else {}),
        "postgresExporterMib": section.postgres_exporter_mib,
        "exporterMib": section.exporter_mib,
    }
    for name, size in sizes.items():
        least = _LEAST_MIB[name]
        if size < least:
            yield Problem(path=f"monitoring.{name}", rule=f"is {size}, less than the {least} of the process", cure=f"raise it to {least}")
    if section.retention_mib < _LEAST_RETENTION_MIB:
        yield Problem(
            path="monitoring.retentionMib",
            rule=f"is {section.retention_mib}, less than the {_LEAST_RETENTION_MIB} that the samples of the last three hours take, which "
            "no limit removes: the node would end the pod for the size of its volume",
            cure=f"raise it to {_LEAST_RETENTION_MIB}",
        )
