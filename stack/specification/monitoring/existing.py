"""Files for an existing Prometheus and its Alertmanager: scrape jobs, rules, and what one fault explains. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.inhibitions import inhibitions
from stack.specification.monitoring.prometheus import scrape_file
from stack.specification.monitoring.rules.files import rule_files
from stack.specification.monitoring.scope import series_labels
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.model import Settings
    from stack.specification.workload import Workload

SCRAPE: Final = "scrape.yml"
RULES: Final = "rules"
INHIBITIONS: Final = "inhibit-rules.yml"


def files(settings: Settings, workloads: Sequence[Workload]) -> dict[str, str]:
    """Return the files of a stack with an existing Prometheus: path to text.

    A Prometheus lists ``SCRAPE`` in ``scrape_config_files`` and the folder ``RULES`` in ``rule_files``; with the operator it needs neither.
    An Alertmanager has no files beside its own: the rules in ``INHIBITIONS`` are copied into it.

    Args:
        settings: The stack's settings.
        workloads: Workloads of the pipeline, whose containers have memory limits.
    """
    own = [f'{label}="{value}"' for label, value in series_labels(settings).items()]
    explained = {"inhibit_rules": [one.rendered(own) for one in inhibitions(settings)]}
    found = {INHIBITIONS: yaml_text(explained, 200)}
    if settings.monitoring.kind == "files":
        rules = {f"{RULES}/{name}": text for name, text in rule_files(settings, workloads).items()}
        found |= {SCRAPE: scrape_file(settings), **rules}
    return found
