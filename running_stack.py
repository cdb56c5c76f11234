"""Specification of the stack that Pulumi is running, and its dashboards: the only reader of its configuration and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime import config

from judgement.stack import specify_text

if TYPE_CHECKING:
    from specification.stack import Specification


def load() -> Specification:
    """Return the specification of the running stack.

    Raises:
        SettingsError: Listing every problem.
    """
    return specify_text({**config.get_config_env(), **config.CONFIG.get()})


def shown(spec: Specification) -> dict[str, str]:
    """Return the dashboards of the running stack for its Grafana: JSON by file name; none without Grafana."""
    if not spec.settings.monitoring.grafana.enabled:
        return {}
    # the classes of Grafana's dashboards take seconds to load
    from dashboards.files import PROVISIONING, files  # noqa: PLC0415
    from dashboards.stack import Stack  # noqa: PLC0415

    found = files(Stack(pulumi.get_stack(), spec))
    return {name: text for name, text in found.items() if name != PROVISIONING}
