"""Settings of the memory and disk budget."""

from __future__ import annotations

from stack.settings.section import Section
from stack.settings.types import Mebibytes


class BudgetSettings(Section):
    """Memory and disk of the whole pipeline."""

    memory_mib: Mebibytes = 4096
    """Memory of all pods in the namespace at the worst moment of a rollout; also the namespace's quota."""
    disk_mib: Mebibytes = 15 * 1024
    """Size of all volumes in the namespace; the default holds 5 GiB for the database and 10 GiB for the brokers."""
