"""Objects of the Prometheus Operator: a PodMonitor for each job, and the rules, for an existing Prometheus that the operator runs. Pure.

The fields are those of ``monitoring.coreos.com/v1``. All objects are in the monitoring's namespace, so that a Prometheus with
``enforcedNamespaceLabel`` puts the same label on the series and into the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from stack.specification.manifest import labels
from stack.specification.monitoring import ports
from stack.specification.monitoring.scope import series_labels
from stack.specification.monitoring.targets import interval, targets, timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.targets import Target

API_VERSION: Final = "monitoring.coreos.com/v1"
# Labels that the operator puts on every series of a pod, and that a Prometheus of the stack's own does not
_OF_OPERATOR: Final = ("namespace", "container", "endpoint")
_POD: Final = "pod"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorObject:
    """One object that the operator reads.

    Attributes:
        kind: Kind of the object.
        name: Name of the object, which is also the second part of its logical name.
        labels: Its labels: those of a component, and those by which the existing Prometheus chooses it.
        spec: Specification of the object.
    """

    kind: Literal["PodMonitor", "PrometheusRule"]
    name: str
    labels: Mapping[str, str]
    spec: Manifest


def objects(settings: Settings, groups: Mapping[str, Manifest]) -> tuple[OperatorObject, ...]:
    """Return the objects of a stack; none where no operator reads them.

    Args:
        settings: The stack's settings.
        groups: Groups of rules by name, as ``rule_groups`` returns them.
    """
    section = settings.monitoring
    if section.kind != "operator" or section.external is None:
        return ()
    chosen = {**labels(ports.PROMETHEUS), **section.external.labels}
    monitors = [OperatorObject(kind="PodMonitor", name=one.job, labels=chosen, spec=_monitor(one, settings)) for one in targets(settings)]
    rules = [
        OperatorObject(kind="PrometheusRule", name=f"rules-{name}", labels=chosen, spec={"groups": [group]})
        for name, group in groups.items()
    ]
    return (*monitors, *rules)


def _monitor(target: Target, settings: Settings) -> Manifest:
    dropped = _OF_OPERATOR if len(target.hosts) > 1 else (*_OF_OPERATOR, _POD)
    return {
        "selector": {"matchLabels": labels(target.component)},
        "namespaceSelector": {"matchNames": [target.namespace]},
        "podMetricsEndpoints": [
            {
                "port": target.port_name,
                "interval": interval(settings),
                "scrapeTimeout": timeout(settings),
                "relabelings": [
                    *({"targetLabel": label, "replacement": value} for label, value in _own(target, settings).items()),
                    *_instances(target),
                    {"action": "labeldrop", "regex": "|".join(dropped)},
                ],
            }
        ],
    }


def _own(target: Target, settings: Settings) -> dict[str, str]:
    return {"job": target.job, **series_labels(settings)}


def _instances(target: Target) -> list[Manifest]:
    """Name each pod by its host as in the other ways, instead of by its address, which changes with each start."""
    if len(target.hosts) == 1:
        ((_, host),) = target.hosts
        return [{"targetLabel": "instance", "replacement": f"{host}:{target.port}"}]
    return [
        {"sourceLabels": [_POD], "regex": pod, "targetLabel": "instance", "replacement": f"{host}:{target.port}"}
        for pod, host in target.hosts
    ]
