"""Memory of each namespace before and after the update: workloads, sum, rollout peak, and the quota as budget."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.review.inputs import at
from policy.budget_rules import counted_workloads
from policy.declared import Limits, Record, namespace_of
from policy.kinds import hides_pods, starts_pods
from stack.capacity.pods import UnreadableError
from stack.capacity.quantity import parse_bytes
from stack.capacity.workloads import total, workload
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.review.step import State, Step
    from policy.declared import Declared
    from stack.capacity.workloads import Total, Workload

Side = Literal["old", "new"]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory of a namespace before and after the update.

    Attributes:
        namespace: Name of the namespace.
        before: Current sums, with the quota in force as budget; a budget of 0 means none.
        after: Sums after the update.
        uncounted: Workloads that cannot be counted after the update, each with the reason.
    """

    namespace: str
    before: Total
    after: Total
    uncounted: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """True if the sums differ."""
        return self.before != self.after

    @property
    def over(self) -> bool:
        """True if a rollout may need more than the budget."""
        return 0 < self.after.budget < max(self.after.steady, self.after.peak)

    def rows(self) -> list[tuple[str, Workload | None, Workload | None]]:
        """Return every workload by its title, before and after, the largest first."""
        before = {f"{part.kind} {part.name}": part for part in self.before.workloads}
        after = {f"{part.kind} {part.name}": part for part in self.after.workloads}
        return [(title, before.get(title), after.get(title)) for title in dict.fromkeys([*after, *before])]


def memory(steps: Iterable[Step]) -> list[Memory]:
    """Return the memory of each namespace with pods before or after the update, by name."""
    steps = list(steps)
    old, new = _record(steps, "old"), _record(steps, "new")
    names = {one.namespace for record in (old, new) for one in record.resources.values() if starts_pods(one)}
    return [
        Memory(namespace=name, before=_sums(old, name), after=_sums(new, name), uncounted=tuple(_uncounted(new, name)))
        for name in sorted(str(name) for name in names if not isinstance(name, Unknown))
    ]


def _state(step: Step, side: Side) -> State | None:
    """Return a resource's state: an unchanged one has the same for both sides, a deleted one no new state, whatever the engine shows."""
    if side == "new":
        return None if step.fate in ("delete", "forget") else step.new or (step.old if step.fate == "same" else None)
    return step.old


def _record(steps: list[Step], side: Side) -> Record:
    record = Record(Limits())
    providers = {step.urn: state.inputs for step in steps if step.type.startswith("pulumi:providers:") and (state := _state(step, side))}
    for step in steps:
        state = _state(step, side)
        if state is not None:
            record.add(step.declared(state, namespace_of(providers.get(state.provider, {}))))
    return record


def _sums(record: Record, namespace: str) -> Total:
    return total(counted_workloads(record, namespace), _quota(record, namespace))


def _quota(record: Record, namespace: str) -> int:
    """Return the smallest of the namespace's quotas for memory limits, in bytes; 0 for none. Kubernetes refuses one that it cannot read."""
    limits = []
    for quota in record.of_kind("ResourceQuota", namespace=namespace):
        said = at(quota.inputs, "spec", "hard", "limits.memory")
        with contextlib.suppress(ValueError):
            limits.append(parse_bytes(said) if isinstance(said, (str, int, float)) else 0)
    return min((limit for limit in limits if limit), default=0)


def _uncounted(record: Record, namespace: str) -> Iterable[str]:
    for resource in record.resources.values():
        hidden = hides_pods(resource)
        if resource.namespace == namespace and (hidden or starts_pods(resource)):
            reason = hidden or _unreadable(resource)
            if reason:
                yield f"{resource.title}: {reason}"


def _unreadable(resource: Declared) -> str | None:
    try:
        workload(resource.kind, resource.inputs)
    except UnreadableError as error:
        return str(error)
    return None
