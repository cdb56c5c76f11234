"""Components and ports of the monitoring, and of what it asks."""

from __future__ import annotations

from typing import Final

PROMETHEUS: Final = "prometheus"
ALERTMANAGER: Final = "alertmanager"
EXPORTER: Final = "exporter"
POSTGRES_EXPORTER: Final = "postgres-exporter"
GRAFANA: Final = "grafana"

PROMETHEUS_PORT: Final = 9090
ALERTMANAGER_PORT: Final = 9093
POSTGRES_EXPORTER_PORT: Final = 9187
GRAFANA_PORT: Final = 3000
WEB: Final = "web"
"""Name of the port of each container of the monitoring."""


def service(component: str) -> str:
    """Return the name of the headless Service of a component of the monitoring, by which the others reach it."""
    return f"{component}-headless"
