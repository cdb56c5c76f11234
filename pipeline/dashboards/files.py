"""Files of a stack's dashboards: JSON for each, and how Grafana finds them; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.dashboards import archive, brokers, connect, memory, overview, source
from pipeline.dashboards.grafana import TAG, rendered

if TYPE_CHECKING:
    from pipeline.dashboards.panels import Dashboard
    from pipeline.dashboards.stack import Stack

PROVISIONING: Final = "provisioning.yaml"
"""File that belongs in Grafana's folder ``provisioning/dashboards``."""
_MOUNTED: Final = "/var/lib/grafana/dashboards"


def dashboards(stack: Stack) -> tuple[Dashboard, ...]:
    """Return the dashboards of a stack; existing brokers have none."""
    return (
        overview.dashboard(stack),
        source.dashboard(stack),
        *((brokers.dashboard(stack),) if stack.has_brokers else ()),
        connect.dashboard(stack),
        archive.dashboard(stack),
        memory.dashboard(stack),
    )


def files(stack: Stack) -> dict[str, str]:
    """Return the text of each file by its name; the same settings give the same bytes."""
    return {
        **{f"{one.slug}.json": rendered(one, stack) for one in dashboards(stack)},
        PROVISIONING: _provisioning(stack.name),
    }


def _provisioning(stack: str) -> str:
    return f"""\
# For Grafana's folder provisioning/dashboards; the JSON files beside it belong in the path below.
apiVersion: 1
providers:
  - name: "{TAG} {stack}"
    folder: "{TAG} {stack}"
    type: file
    disableDeletion: false
    allowUiUpdates: false
    updateIntervalSeconds: 60
    options:
      path: "{_MOUNTED}/{stack}"
      foldersFromFilesStructure: false
"""
