"""Rule for priorities: no pod makes Kubernetes end pods of the pipeline in order to start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.guarded import guarded_pods, has_labels
from policy.kinds import starts_pods
from policy.rule import Rule, nothing
from stack.capacity import pods
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from policy.guarded import Pods

# Classes of Kubernetes for what a node or a cluster cannot do without, and the namespace of these (Concepts, "Guarantee of scheduling").
_SYSTEM = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_HOME = "kube-system"
_KINDS = ("PriorityClass", "PriorityClassPatch", "PriorityClassList")
_EVICTS = "so that Kubernetes may end pods of the pipeline to make room for its pods"


def _kept(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    # what reads the pipeline from a namespace of its own may not preempt it either
    guarded = [one for one in guarded_pods(record) if one.workload is not None or one.namespace == record.limits.own]
    if not guarded:
        return
    classes = dict(_classes(record))
    named = [(workload, _class_of(workload)) for workload in record.of_kind(*POD_KINDS) if starts_pods(workload)]
    own = {workload.urn for workload, _name in named if any(_is_of(workload, one) for one in guarded)}
    # pods without a class have the priority 0
    least = min([0, *(_value(name, classes) for workload, name in named if workload.urn in own)])
    for workload, name in named:
        rule = _excess(workload, name, classes, least=None if workload.urn in own else least)
        if rule:
            cure = "remove it, or name a PriorityClass with preemptionPolicy: Never"
            yield workload, Problem(key="priorityClassName", value=_shown(name), rule=rule, cure=cure)
    for resource, one in _objects(record):
        if one.get("globalDefault") not in (None, False) and _preempts(one) and _number(one.get("value")) > least:
            rule = f"is the class of every new pod without one, {_EVICTS}"
            yield resource, Problem(key="globalDefault", value="True", rule=rule, cure="remove it, or set preemptionPolicy to Never")


def _is_of(workload: Declared, guarded: Pods) -> bool:
    """Return whether guarded pods are those of a workload, or may be by its labels."""
    if guarded.workload is not None:
        return guarded.workload is workload
    metadata = pods.pod_metadata(workload.kind, workload.inputs)
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return workload.namespace == guarded.namespace and isinstance(labels, Mapping) and has_labels(guarded.labels, labels)


def _excess(workload: Declared, name: object, classes: Mapping[str, Mapping[str, Any]], *, least: int | None) -> str:
    """Return what is wrong with the class of a workload's pods; empty for nothing.

    Args:
        workload: The workload.
        name: Name of its class, or None.
        classes: The declared classes.
        least: Smallest priority of the pipeline's pods, or None for a workload of the pipeline, whose own class may be above the others.
    """
    if isinstance(name, Unknown):
        return "is not known at preview"
    if name in _SYSTEM:
        # an agent on every node starts before what the node is for
        is_agent = workload.kind == "DaemonSet" and least is not None
        return "" if is_agent or workload.namespace == _HOME else f"is for what a cluster cannot run without, {_EVICTS}"
    one = classes.get(str(name))
    if one is None or least is None or not _preempts(one) or _number(one.get("value")) <= least:
        return ""
    return f"has the priority {_shown(one.get('value'))}, above {least} of the pipeline's pods, {_EVICTS}"


def _class_of(workload: Declared) -> object:
    spec = pods.lenient_spec(workload.kind, workload.inputs)
    return (spec.get("priorityClassName") if spec else None) or None


def _value(name: object, classes: Mapping[str, Mapping[str, Any]]) -> int:
    one = classes.get(str(name))
    number = _number(one.get("value")) if one else _SYSTEM.get(str(name), 0)
    return number if isinstance(number, int) else 0


def _number(value: object) -> float:
    """Return a priority; one that is not known counts as above all others."""
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("inf")


def _shown(value: object) -> str:
    return "(unknown)" if isinstance(value, Unknown) else repr(int(value)) if isinstance(value, float) else repr(value)


def _preempts(one: Mapping[str, Any]) -> bool:
    return one.get("preemptionPolicy") != "Never"


def _classes(record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource, one in _objects(record):
        metadata = one.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        yield str(name or resource.object_name), one


def _objects(record: Record) -> Iterator[tuple[Declared, Mapping[str, Any]]]:
    """Yield every declared class, also those in a list."""
    for resource in record.of_kind(*_KINDS):
        items = resource.objects
        yield from ((resource, one) for one in (items if isinstance(items, (list, tuple)) else ()) if isinstance(one, Mapping))


RULES = (
    Rule(
        name="priority-kept",
        says="No pod preempts those of the pipeline: it has no critical class of Kubernetes, and none of its own that is above theirs.",
        check=nothing,
        at_end=_kept,
    ),
)
