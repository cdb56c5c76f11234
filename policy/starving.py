"""Quotas and limits so small that what this program declares in the namespace is not admitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy import starving_objects
from policy.kinds import mib, starts_pods
from policy.lists import items_of
from stack.capacity import pods
from stack.capacity.pods import POD_KINDS, UnreadableError
from stack.capacity.quantity import parse_bytes, whole_mib
from stack.capacity.workloads import workload
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_PODS: Final = ("pods", "count/pods")
_MEMORY: Final = "limits.memory"


def starved(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield each quota and each range of limits that refuses pods, claims or other objects which are declared in its namespace."""
    for resource in record.of_kind("ResourceQuota", "LimitRange"):
        spec, namespace = resource.inputs.get("spec"), resource.namespace
        if isinstance(spec, Mapping) and isinstance(namespace, str) and resource.group in {"", "core"}:
            beside = starving_objects.by_quota if resource.kind == "ResourceQuota" else starving_objects.by_range
            yield from ((resource, problem) for problem in beside(spec, namespace, record))
            count, memory = _needed(record, namespace)
            if memory > record.limits.memory.get(namespace, 0):
                continue  # memory-budget reports it
            found = _by_quota(spec, namespace, count, memory) if resource.kind == "ResourceQuota" else _by_range(spec, namespace, record)
            yield from ((resource, problem) for problem in found)


def _declared(record: Record, namespace: str) -> list[tuple[Declared, Mapping[str, Any]]]:
    """Return the workloads of a namespace whose pods can be read, with their pods."""
    found = []
    for one in record.of_kind(*POD_KINDS, namespace=namespace):
        try:
            spec = one.inputs.get("spec")
            has_none = isinstance(spec, Mapping) and spec.get("replicas") == 0
            if starts_pods(one) and not has_none:
                found.append((one, pods.pod_spec(one.kind, one.inputs)))
        except UnreadableError:
            continue  # memory-limit reports it
    return found


def _needed(record: Record, namespace: str) -> tuple[int, int]:
    """Return the number of the pods that are declared in a namespace, and their memory in bytes."""
    count = memory = 0
    for one, _pod in _declared(record, namespace):
        try:
            sized = workload(one.kind, one.inputs, nodes=record.limits.nodes)
        except UnreadableError:
            continue
        count, memory = count + sized.replicas, memory + sized.replicas * sized.pod
    return count, memory


def _by_quota(spec: Mapping[str, Any], namespace: str, count: int, memory: int) -> Iterator[Problem]:
    hard = spec.get("hard")
    if not isinstance(hard, Mapping) or spec.get("scopes") or spec.get("scopeSelector"):
        return
    for key in (*_PODS, _MEMORY):
        most, needed = _size(hard.get(key)), memory if key == _MEMORY else count
        if most is not None and most < needed:
            shown = f"{mib(needed)} MiB" if key == _MEMORY else f"{needed}"
            yield Problem(
                key=f"spec.hard.{key}",
                value=str(hard[key]),
                rule=f"admits fewer pods than this program declares in namespace {namespace}, which need {shown}",
                cure=f"set it to {f'{whole_mib(needed)}Mi' if key == _MEMORY else needed} or more, or remove it",
            )


def _by_range(spec: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    declared_here = _declared(record, namespace)
    for one in items_of(spec.get("limits")):
        kind = one.get("type") if isinstance(one, Mapping) else None
        if kind not in {"Container", "Pod"}:
            continue
        most, least = (_size(bound.get("memory")) if isinstance(bound := one.get(key), Mapping) else None for key in ("max", "min"))
        for declared, spec_of in declared_here:
            if sum(_sizes(spec_of, whole=True)) > record.limits.memory.get(namespace, 0):
                continue  # memory-budget reports it
            sizes = _sizes(spec_of, whole=kind == "Pod")
            largest, smallest = max(sizes, default=0), min(sizes, default=None)
            if (most is not None and largest > most) or (least is not None and smallest is not None and smallest < least):
                bad = largest if most is not None and largest > most else smallest or 0
                yield Problem(
                    rule=f"its limits for a {kind} refuse {declared.title}, which has {mib(bad)} MiB",
                    cure=f"set its max and min so that {whole_mib(bad)}Mi lies between them",
                )
                break


def _sizes(spec: Mapping[str, Any], *, whole: bool) -> list[int]:
    try:
        return [pods.pod_bytes(spec)] if whole else [pods.limit(container) for _role, container in pods.containers(spec)]
    except UnreadableError:
        return []


def _size(value: object) -> int | None:
    try:
        return parse_bytes(value) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None
