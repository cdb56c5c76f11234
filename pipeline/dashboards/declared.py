"""Dashboards of a stack that declares its own Grafana."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stack.specification.stack import Specification


def declared(name: str, spec: Specification) -> dict[str, str]:
    """Return the dashboards for the stack's Grafana: JSON by file name; none without Grafana.

    Args:
        name: Name of the stack.
        spec: Its specification.
    """
    if not spec.settings.monitoring.grafana.enabled:
        return {}
    # the classes of Grafana's dashboards take seconds to load
    from pipeline.dashboards.files import PROVISIONING, files  # noqa: PLC0415
    from pipeline.dashboards.stack import Stack  # noqa: PLC0415

    return {file: text for file, text in files(Stack(name, spec)).items() if file != PROVISIONING}
