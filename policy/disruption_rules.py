"""Rule for disruption budgets: nodes can be drained, and their workloads continue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy.brokers import is_broker
from policy.fit_rules import sized_containers
from policy.kinds import starts_pods
from policy.rule import Rule, nothing
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_CURE = "set maxUnavailable to 1"
_SEVERAL = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


def _pods(said: object, replicas: int) -> int:
    """Return a number of pods from a number or a percentage, which Kubernetes rounds up.

    Raises:
        ValueError: If the value is neither.
    """
    if isinstance(said, (int, float)) and not isinstance(said, bool) and said == int(said):
        return int(said)
    share = re.fullmatch(r"(\d+)%", str(said))
    if share is None:
        message = "neither a number nor a percentage"
        raise ValueError(message)
    return -(-replicas * int(share[1]) // 100)


def _away(spec: Mapping[str, Any], replicas: int) -> int:
    """Return the number of pods that a budget allows to be missing at the same time."""
    if spec.get("maxUnavailable") is not None:
        return min(_pods(spec["maxUnavailable"], replicas), replicas)
    return replicas - _pods(spec.get("minAvailable") or 0, replicas)


def _selected(budget: Declared, selector: Mapping[str, Any], record: Record) -> Iterator[tuple[Declared, int]]:
    """Yield the workloads whose pods a budget selects, each with its number of pods."""
    labels_required = (selector.get("matchLabels") or {}).items()
    for workload in record.of_kind(*POD_KINDS, namespace=budget.namespace):
        spec = workload.inputs.get("spec")
        if starts_pods(workload) and workload.kind in _SEVERAL and isinstance(spec, Mapping):
            labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
            replicas = spec.get("replicas", 1)
            if isinstance(labels, Mapping) and labels_required <= labels.items() and isinstance(replicas, (int, float)) and replicas:
                yield workload, int(replicas)


def _problems(budget: Declared, spec: object, record: Record) -> Iterator[Problem]:
    if not isinstance(spec, Mapping) or list(unknown_paths(dict(spec))):
        yield Problem(rule="is partly unknown at preview, so its effect is unknown", cure="set plain values")
        return
    selector = spec.get("selector")
    if selector is None:
        return
    if selector.get("matchExpressions"):
        yield Problem(rule="selects its pods by matchExpressions, which this rule does not evaluate", cure="select them by matchLabels")
        return
    for workload, replicas in _selected(budget, selector, record):
        try:
            away = _away(spec, replicas)
        except ValueError as error:
            yield Problem(rule=f"has a value that is {error}", cure=_CURE)
            return
        if away < 1:
            yield Problem(rule=f"allows no pod of {workload.title} to be missing, so draining a node never completes", cure=f"{_CURE}")
        elif replicas > 1 and away >= replicas:
            yield Problem(rule=f"allows all {replicas} pods of {workload.title} to be missing at once", cure=f"{_CURE}")
        elif away > 1 and any(is_broker(container) for _spec, container, _left in sized_containers(workload)):
            yield Problem(
                rule=f"allows {away} brokers of {workload.title} to be missing at once; without two brokers no write is acknowledged",
                cure=f"{_CURE}",
            )


def _bounded(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for budget in record.of_kind("PodDisruptionBudget", "PodDisruptionBudgetList"):
        items = budget.objects
        for item in items if isinstance(items, (list, tuple)) else [items]:
            one = replace(budget, inputs=item) if isinstance(item, Mapping) else budget
            if not isinstance(one.namespace, Unknown):
                spec = item.get("spec") if isinstance(item, Mapping) else item
                yield from ((budget, problem) for problem in _problems(one, spec, record))


RULES = (
    Rule(
        name="disruption-bounded",
        says="A disruption budget allows nodes to be drained, but never removes all pods or a second broker.",
        check=nothing,
        at_end=_bounded,
        severity="medium",
    ),
)
