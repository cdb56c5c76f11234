"""Rules for memory budgets: all pods of a namespace fit, both steady and during simultaneous rollouts.

Each resource is judged together with all earlier ones, so an update stops before the pod that exceeds the budget.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from policy.kinds import mib, starts_pods
from policy.overheads import added, namespaces
from policy.rule import Rule
from stack.capacity.pods import POD_KINDS, UnreadableError
from stack.capacity.quantity import whole_mib
from stack.capacity.workloads import Total, Workload, autoscaled, total, workload
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


_BUDGET = ("budget.memoryMib", "`budgets` of the rule memory-budget")


def declared_workloads(record: Record, namespace: str | Unknown | None = None) -> list[Workload]:
    """Return the readable workloads of one namespace or of all, as declared; an unreadable one is a separate violation."""
    parts = []
    for resource in record.of_kind(*POD_KINDS, namespace=namespace):
        if starts_pods(resource):
            with contextlib.suppress(UnreadableError):
                part = workload(resource.kind, resource.inputs, nodes=record.limits.nodes)
                parts.append(replace(part, pod=part.pod + added(record, resource)))
    return parts


def counted_workloads(record: Record, namespace: str | None = None) -> list[Workload]:
    """Return the readable workloads, each with at least the maximum number of pods of its autoscaler."""
    parts = declared_workloads(record, namespace)
    for scaler in record.of_kind("HorizontalPodAutoscaler", namespace=namespace):
        with contextlib.suppress(UnreadableError):
            parts = autoscaled(parts, [scaler.inputs])
    return parts


def namespace_total(record: Record, namespace: str) -> Total:
    """Return the memory of all readable workloads declared in a namespace."""
    return total(counted_workloads(record, namespace), record.limits.memory.get(namespace, 0))


def owners(sums: Total, *, rolling: bool) -> str:
    """Render each workload's share, one line each, steady or during rollouts."""
    rows = []
    for part in sums.workloads:
        pods, held = (part.replicas + part.surge, part.peak) if rolling else (part.replicas, part.steady)
        beside = f" ({part.surge} of them in a rollout)" if rolling and part.surge else ""
        rows.append(f"  {part.kind} {part.name}: {pods} x {mib(part.pod)} = {mib(held)} MiB{beside}")
    return "\n".join(rows)


def _lowered(sums: Total, resource: Declared, over: int, *, rolling: bool) -> str:
    """Return the cure: lower the resource itself where that is enough, else the largest workload, else several."""

    def held(part: Workload) -> int:
        return part.peak if rolling else part.steady

    itself = [part for part in sums.workloads if (part.kind, part.name) == (resource.kind, resource.object_name)]
    enough = [part for part in (*itself, max(sums.workloads, key=held)) if held(part) > over]
    if not enough:
        return f"Lower several of them by {mib(over)}Mi together"
    part = enough[0]
    each = -(-over // max(part.replicas + (part.surge if rolling else 0), 1))
    return f"Lower {part.kind} {part.name} by {whole_mib(each)}Mi a pod"


def _raised(record: Record, namespace: str, size: int) -> str:
    return record.limits.raised(namespace, size, *_BUDGET, further=record.limits.further)


def _concerned(resource: Declared, record: Record) -> Iterator[tuple[str, Total] | Problem]:
    """Yield each namespace to which a resource adds memory, with its totals, or a problem."""
    if starts_pods(resource) or (resource.is_kubernetes and resource.kind == "HorizontalPodAutoscaler"):
        problem = _uncounted(resource, record)
        if problem:
            yield problem
            return
        found = [str(resource.namespace)]
    else:
        found = [namespace for namespace in namespaces(record, resource) if namespace in record.limits.memory]
    for namespace in found:
        yield namespace, record.once(("memory", namespace), lambda namespace=namespace: namespace_total(record, namespace))  # type: ignore[misc]


def _uncounted(resource: Declared, record: Record) -> Problem | None:
    """Return the reason why the memory of a resource can be added to no budget."""
    namespace = resource.namespace
    if isinstance(namespace, Unknown):
        return Problem(rule="the namespace is not known at preview, so its budget is unknown", cure="set a plain name")
    if namespace not in record.limits.memory:
        known = ", ".join(sorted(record.limits.memory)) or "none"
        reason = f" ({record.limits.problem})" if record.limits.problem else ""
        return Problem(
            rule=f"the namespace {namespace} has no memory budget (namespaces with a budget: {known}){reason}",
            cure="move it, or add the namespace to `budgets` in the configuration of the rule memory-budget",
        )
    if starts_pods(resource):
        try:
            workload(resource.kind, resource.inputs, nodes=record.limits.nodes)
        except UnreadableError as error:
            if any(rule == "memory-limit" for rule, _pattern, _reason in record.limits.exceptions):
                return Problem(rule=f"its memory cannot be counted, in spite of its exceptions: {error}")
    return None


def _within_budget(resource: Declared, record: Record) -> Iterator[Problem]:
    for concerned in _concerned(resource, record):
        if isinstance(concerned, Problem):
            yield concerned
        elif concerned[1].steady > concerned[1].budget:
            namespace, sums = concerned
            over = sums.steady - sums.budget
            yield Problem(
                rule=(
                    f"the pods of namespace {namespace} may use {mib(sums.steady)} MiB, {mib(over)} more than the budget of "
                    f"{mib(sums.budget)}:\n{owners(sums, rolling=False)}"
                ),
                cure=f"{_lowered(sums, resource, over, rolling=False)}, or {_raised(record, namespace, sums.steady)}",
            )


def _within_peak(resource: Declared, record: Record) -> Iterator[Problem]:
    for concerned in _concerned(resource, record):
        if not isinstance(concerned, Problem) and concerned[1].steady <= concerned[1].budget < concerned[1].peak:
            namespace, sums = concerned
            over = sums.peak - sums.budget
            rolling = [part for part in sums.workloads if part.surge and part.kind == "Deployment"]
            cure = f"Set strategy Recreate on Deployment {rolling[0].name}" if rolling else _lowered(sums, resource, over, rolling=True)
            yield Problem(
                rule=(
                    f"a rollout in namespace {namespace} may use {mib(sums.peak)} MiB, {mib(over)} more than the budget of "
                    f"{mib(sums.budget)}:\n{owners(sums, rolling=True)}"
                ),
                cure=f"{cure}, or {_raised(record, namespace, sums.peak)}",
            )


def _scalers_resolved(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for scaler in record.of_kind("HorizontalPodAutoscaler"):
        try:
            autoscaled(declared_workloads(record, scaler.namespace), [scaler.inputs])
        except UnreadableError as error:
            yield scaler, Problem(rule=str(error), cure="declare its target exactly once in this program, so that its pods can be added up")


RULES = (
    Rule(
        name="memory-budget",
        together=True,
        says="All pods of a namespace together fit its memory budget.",
        check=_within_budget,
        at_end=_scalers_resolved,
        severity="critical",
    ),
    Rule(
        name="memory-peak",
        together=True,
        says="All pods of a namespace fit its memory budget during simultaneous rollouts.",
        check=_within_peak,
        severity="critical",
    ),
)
