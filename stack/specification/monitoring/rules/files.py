"""Rule files of Prometheus for a stack. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.specification.monitoring.rules import archive, connect, containers, java, kafka, own, quality, registry, slot, source
from stack.specification.monitoring.rules.recording import recordings
from stack.specification.monitoring.rules.thresholds import Thresholds
from stack.specification.monitoring.scope import scoped, series_labels
from stack.specification.monitoring.targets import interval
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.rules.rule import Rule
    from stack.specification.workload import Workload

RUNBOOKS: Final = "docs/runbooks/"
RECORDING: Final = "recording"
_AREAS: Final = (own, slot, source, connect, kafka, archive, registry, java, containers, quality)


def alert_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules of all alerts that a stack can have: none for a part that it lacks."""
    limits = Thresholds(settings)
    return tuple(rule for area in _AREAS for rule in area.rules(limits))


def rule_groups(settings: Settings, workloads: Sequence[Workload]) -> dict[str, Manifest]:
    """Return the groups of rules of a stack as Prometheus reads them: the recorded metrics, and the alerts of each area, by name.

    In an existing Prometheus, which has rules and figures of others, the names of the groups and the rules are the stack's own.

    Args:
        settings: Settings of the stack.
        workloads: Workloads of the pipeline, whose containers have memory limits.
    """
    found = settings.monitoring.runbooks
    runbooks = f"{found}/" if found else RUNBOOKS
    groups: dict[str, list[Manifest]] = {RECORDING: [one.rendered() for one in recordings(Thresholds(settings), workloads)]}
    for rule in alert_rules(settings):
        groups.setdefault(rule.area, []).append(rule.rendered(runbooks))
    if settings.monitoring.is_managed:
        return {name: {"name": name, "rules": rules} for name, rules in groups.items()}
    return {
        name: {
            "name": f"{settings.names.namespace}-{name}",
            # as often as in a Prometheus of the stack's: spans of recorded metrics need several samples
            "interval": interval(settings),
            "rules": [_among_others(rule, settings) for rule in rules],
        }
        for name, rules in groups.items()
    }


def rule_files(settings: Settings, workloads: Sequence[Workload]) -> dict[str, str]:
    """Return the rule files of a stack: name to text.

    Args:
        settings: Settings of the stack.
        workloads: Workloads of the pipeline, whose containers have memory limits.
    """
    groups = rule_groups(settings, workloads)
    return {f"{name}.yml": yaml_text({"groups": [group]}, 120) for name, group in groups.items()}


def _among_others(rule: Mapping[str, Any], settings: Settings) -> Manifest:
    """Return a rule for a Prometheus that has figures of others, too."""
    return {**rule, "expr": scoped(rule["expr"], settings), "labels": {**rule.get("labels", {}), **series_labels(settings)}}
