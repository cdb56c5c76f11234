"""Pods and classes that preempt the pipeline's pods; and everyday ones beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import Workbench, container, extra, pod, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made

PREEMPTING: tuple[dict[str, Any], ...] = (
    {},
    {"value": 1},
    {"value": UNKNOWN},
    {"preemptionPolicy": "PreemptLowerPriority"},
    {"preemptionPolicy": UNKNOWN},
)
QUIET: tuple[dict[str, Any], ...] = ({"preemptionPolicy": "Never"}, {"value": -10}, {"value": 0})
SYSTEM = ("system-node-critical", "system-cluster-critical")


def priority(name: str = "important", *, kind: str = "PriorityClass", **said: Any) -> Declared:
    """Return a PriorityClass, or a list with one."""
    made = extra(kind, name, {}, "scheduling.k8s.io/v1")
    content = {"metadata": {"name": name}, "value": 1000, **said}
    inputs = {"items": [content]} if kind.endswith("List") else content
    return Declared(urn=made.urn, type=made.type, name=made.name, inputs=inputs)


def workload_of(name: Any, kind: str = "Deployment", namespace: str = "data-ingestion") -> Declared:
    """Return another workload with a class."""
    return extra(kind, "tool", {"template": {"spec": pod(container(), priorityClassName=name)}}, "apps/v1", namespace)


def _named(bench: Workbench, workload: str, name: Any) -> list[Declared]:
    return bench.changed(workload, lambda inputs: pod_of(inputs).update(priorityClassName=name))


def priorities(bench: Workbench) -> Iterator[Made]:
    """Yield classes for every workload, the pipeline's own and others."""
    for workload, name in itertools.product(bench.workloads(), SYSTEM):
        yield f"{workload}: {name}", "priority-kept", _named(bench, workload, name)
    for workload in bench.workloads():
        yield f"{workload}: unknown class", "priority-kept", _named(bench, workload, UNKNOWN)
        yield f"{workload}: a class of the cluster's own", None, _named(bench, workload, "standard")
        quiet = priority(preemptionPolicy="Never")
        yield f"{workload}: a class without preemption", None, [*_named(bench, workload, "important"), quiet]
        low = priority(value=-10)
        yield f"{workload}: a low class", None, [*_named(bench, workload, "important"), low]
        # what reads the pipeline may not preempt it either
        expected = "priority-kept" if workload.startswith("monitoring-") else None
        yield f"{workload}: a class of the pipeline's own", expected, [*_named(bench, workload, "important"), priority()]
    for kind, (at, said) in itertools.product(("PriorityClass", "PriorityClassList"), enumerate(PREEMPTING)):
        made = [*bench.with_more(workload_of("important")), priority(kind=kind, **said)]
        yield f"another workload: {kind} {at}", "priority-kept", made
    for name in (*SYSTEM, UNKNOWN):
        yield f"another workload: {name}", "priority-kept", bench.with_more(workload_of(name))
    for kind in ("PriorityClass", "PriorityClassList"):
        for at, said in enumerate(({"globalDefault": True}, {"globalDefault": UNKNOWN}, {"globalDefault": True, "value": UNKNOWN})):
            yield f"{kind}: a default of all {at}", "priority-kept", bench.with_more(priority(kind=kind, **said))
        for at, said in enumerate(
            ({}, {"globalDefault": False}, {"globalDefault": True, "value": 0}, {"globalDefault": True, "preemptionPolicy": "Never"})
        ):
            yield f"{kind}: no default {at}", None, bench.with_more(priority(kind=kind, **said))
