"""CPU and memory of running pods within the scopes of a quota, and what their containers must say for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from policy.guarded import pods_of
from policy.lists import items_of
from stack.capacity import pods
from stack.capacity.quantity import parse_bytes, whole_mib
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Scopes into which every running pod of the pipeline falls: it has no end, and requests memory
_EVERY_RUNNING: Final = {"NotTerminating", "NotBestEffort"}
RUNNING: Final = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
# Keys of CPU by what every container must then say
_CPU: Final = {"cpu": "requests", "requests.cpu": "requests", "limits.cpu": "limits"}
# Keys of memory by what counts: limits of all pods are counted with the pods themselves
_REQUESTED: Final = {"memory": "requests", "requests.memory": "requests"}
_MEMORY: Final = {**_REQUESTED, "limits.memory": "limits"}
# Bounds of a range of limits from which the API server makes a request or a limit
_FILLING: Final = {"requests": ("default", "defaultRequest", "max", "min"), "limits": ("default", "max")}

# With less than this a start has less than 30 seconds of a processor before its probe ends it after 300, and Connect takes nearly as much
LEAST_CPU: Final = Decimal("0.1")


def is_within(workload: Declared, spec: Mapping[str, Any]) -> bool:
    """Return whether the running pods of a workload fall into all scopes of a quota."""
    selector = spec.get("scopeSelector")
    chosen = items_of(selector.get("matchExpressions")) if isinstance(selector, Mapping) else [] if selector is None else [selector]
    pod = pods.lenient_spec(workload.kind, workload.inputs) or {}
    named = pod.get("priorityClassName")
    return all(str(one) in _EVERY_RUNNING for one in items_of(spec.get("scopes"))) and all(
        isinstance(one, Mapping) and _is_chosen(one, named) for one in chosen
    )


def _is_chosen(one: Mapping[str, Any], named: object) -> bool:
    """Return whether an expression of a scope chooses pods that run without an end, of a class of priorities or of none."""
    if one.get("scopeName") != "PriorityClass":
        return str(one.get("scopeName")) in _EVERY_RUNNING and one.get("operator") == "Exists"
    values = items_of(one.get("values"))
    by_operator = {"Exists": named is not None, "DoesNotExist": named is None, "In": named in values, "NotIn": named not in values}
    return by_operator.get(str(one.get("operator")), False)


def by_memory(hard: Mapping[str, Any], workloads: list[Declared], namespace: str, record: Record, *, scoped: bool) -> Iterator[Problem]:
    """Judge the memory of a quota by the sum of what running containers request, or of their limits."""
    for key, part in (_MEMORY if scoped else _REQUESTED).items():
        most = size_of(hard.get(key))
        needed = sum(replicas(one) * sum(_memory(container, part) for container in containers(one)) for one in workloads)
        if most is not None and most < needed <= record.limits.memory.get(namespace, 0):
            yield fewer(key, hard[key], f"pods than this program declares in namespace {namespace}", f"{whole_mib(needed)}Mi")


def _memory(container: Mapping[str, Any], part: str) -> int:
    """Return the memory that a container says; a request that is missing is its limit."""
    resources = container.get("resources")
    for key in (part, "limits"):
        said = resources.get(key) if isinstance(resources, Mapping) else None
        size = size_of(said.get("memory")) if isinstance(said, Mapping) else None
        if size is not None:
            return size
    return 0


def by_cpu(hard: Mapping[str, Any], workloads: list[Declared], namespace: str, record: Record) -> Iterator[Problem]:
    """Judge the CPU of a quota: the sum of what is said, and whether every container says what the quota then asks for."""
    for key, part in _CPU.items():
        if key not in hard:
            continue
        silent = next((one for one in workloads for container in containers(one) if cpu(container, part) is None), None)
        if silent is not None:
            if not _is_filled(record, namespace, part):
                yield Problem(
                    key=f"spec.hard.{key}",
                    value=str(hard[key]),
                    rule=f"admits only pods whose containers all have {part}.cpu, and those of {silent.title} have none",
                    cure=f"remove it, or declare a LimitRange with {_FILLING[part][0]}.cpu in namespace {namespace}",
                )
            continue
        needed = sum(
            (replicas(one) * (cpu(container, part) or Decimal(0)) for one in workloads for container in containers(one)), Decimal(0)
        )
        most = cores(hard[key])
        if most is not None and most < needed:
            yield fewer(key, hard[key], f"CPUs than the pods that this program declares in namespace {namespace} ask for", f"{needed}")


def _is_filled(record: Record, namespace: str, part: str) -> bool:
    """Return whether a range of limits gives CPU to containers that say none."""
    return any(
        isinstance(bound := one.get(key), Mapping) and "cpu" in bound
        for resource in record.of_kind("LimitRange", namespace=namespace)
        for one in ranges(resource)
        if one.get("type") == "Container"
        for key in _FILLING[part]
    )


def throttled(one: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    """Judge the limit of CPU that a range gives to containers without one: its default, or else its maximum."""
    for key in ("default", "max"):
        bound = one.get(key)
        most = cores(bound["cpu"]) if isinstance(bound, Mapping) and bound.get("cpu") is not None else None
        if most is None:
            continue
        workloads = [workload for workload in record.of_kind(*RUNNING, namespace=namespace) if pods_of(workload) is not None]
        slow = next((w for w in workloads for container in containers(w) if cpu(container, "limits") is None), None)
        if slow is not None and most < LEAST_CPU:
            yield Problem(
                key=f"spec.limits.{key}.cpu",
                value=f"{most * 1000:.0f}m",
                rule=f"becomes the limit of {slow.title}, which does not start with so little in the time that its probe leaves",
                cure="set default.cpu to 100m or more, or remove it",
            )
        return


def in_pods(one: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    """Judge the maximum of CPU that a range has for whole pods: it admits only those of which every container has a limit."""
    most = one.get("max")
    if isinstance(most, Mapping) and most.get("cpu") is not None and not _is_filled(record, namespace, "limits"):
        workloads = record.of_kind(*RUNNING, namespace=namespace)
        silent = next((w for w in workloads for container in containers(w) if cpu(container, "limits") is None), None)
        if silent is not None:
            yield Problem(
                key="spec.limits.max.cpu",
                value=str(most["cpu"]),
                rule=f"admits only pods whose containers all have limits.cpu, and those of {silent.title} have none",
                cure="remove it, or add a default.cpu for the type Container",
            )


def containers(workload: Declared) -> list[Mapping[str, Any]]:
    """Return the containers of a workload's pods, without those of its start."""
    spec = pods.lenient_spec(workload.kind, workload.inputs) or {}
    sidecars = [one for one in items_of(spec.get("initContainers")) if isinstance(one, Mapping) and one.get("restartPolicy") == "Always"]
    return [*(one for one in items_of(spec.get("containers")) if isinstance(one, Mapping)), *sidecars]


def cpu(container: Mapping[str, Any], part: str) -> Decimal | None:
    """Return the CPUs that a container says; a request that is missing is its limit."""
    resources = container.get("resources")
    for key in (part, "limits"):
        said = resources.get(key) if isinstance(resources, Mapping) else None
        if isinstance(said, Mapping) and said.get("cpu") is not None:
            return cores(said["cpu"])
    return None


def cores(value: object) -> Decimal | None:
    """Return a quantity of CPUs, such as ``250m``; None where it cannot be read."""
    text = str(value).strip()
    try:
        return Decimal(text[:-1]) / 1000 if text.endswith("m") else Decimal(text)
    except InvalidOperation:
        return None


def replicas(workload: Declared) -> int:
    """Return the number of pods of a workload; an unknown one counts as one."""
    spec = workload.inputs.get("spec")
    said = spec.get("replicas", 1) if isinstance(spec, Mapping) else 0
    return int(said) if isinstance(said, (int, float)) else 1


def size_of(value: object) -> int | None:
    """Return a quantity in bytes, or a plain number; None where it cannot be read."""
    try:
        return parse_bytes(value) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None


def ranges(limits: Declared) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a range of limits."""
    spec = limits.inputs.get("spec")
    yield from (one for one in items_of(spec.get("limits")) if isinstance(one, Mapping)) if isinstance(spec, Mapping) else ()


def fewer(key: str, value: object, of: str, needed: str) -> Problem:
    """Return the problem of a quota that admits fewer of something than is declared."""
    return Problem(key=f"spec.hard.{key}", value=str(value), rule=f"admits fewer {of}", cure=f"set it to {needed} or more, or remove it")
