"""Overhead of a RuntimeClass counts in the budget of the pods that name it, whichever is declared first."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.budget_rules import counted_workloads
from policy.declared import Declared, Limits, Record
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 2**20
# room for two pods of 64 MiB, and 64 MiB more
LIMITS = Limits(memory={"data-ingestion": 192 * MIB, "web": 192 * MIB})
MEMORY = {"memory-budget", "memory-peak", "memory-limit"}


def refused(*resources: Declared) -> set[str]:
    """Return the rules of memory by which plan and pack refuse, in every order of declaration."""
    plan = MEMORY & {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in itertools.permutations(resources):
        assert plan == MEMORY & {rule for rule, _message in by_pack(order, LIMITS)}, [one.title for one in order]
    return plan


def runtime(memory: Any, name: str = "kata", kind: str = "RuntimeClass") -> Declared:
    """Return a RuntimeClass."""
    one: dict[str, Any] = {"metadata": {"name": name}, "handler": name}
    if memory is not None:
        one["overhead"] = memory if memory is UNKNOWN else {"podFixed": {"memory": memory, "cpu": "250m"}}
    token = f"kubernetes:node.k8s.io/v1:{kind}"
    return Declared(urn=f"urn::{kind}::{name}", type=token, name=name, inputs={"items": [one]} if kind.endswith("List") else one)


def workloads(runtime_class: Any, **more: Any) -> list[Declared]:
    """Return two pods of 64 MiB with a RuntimeClass, in each kind of workload."""
    spec = pod(container(memory="64Mi"), runtimeClassName=runtime_class, **more)
    template = {"template": {"spec": spec}}
    job = {"parallelism": 2, "backoffLimit": 0, "template": {"spec": {**spec, "restartPolicy": "Never"}}}
    return [
        extra("StatefulSet", "two", {"replicas": 2, **template}, "apps/v1"),
        extra("Deployment", "two", {"replicas": 2, "strategy": {"type": "Recreate"}, **template}, "apps/v1"),
        extra("ReplicaSet", "two", {"replicas": 2, **template}, "apps/v1"),
        extra("Job", "two", job, "batch/v1"),
    ]


def test_overhead_counts_for_each_pod(tally: Callable[[str, str, int, int], None]) -> None:
    harmful = [
        (made, two)
        for kind, memory, named in itertools.product(
            ("RuntimeClass", "RuntimeClassPatch", "RuntimeClassList"), ("33Mi", "160Mi", "1Gi"), ("kata", UNKNOWN)
        )
        for made in [runtime(memory, kind=kind)]
        for two in workloads(named)
    ]
    harmless = [
        (made, two)
        for memory, named in (("32Mi", "kata"), ("0", "kata"), (None, "kata"), ("1Gi", "gvisor"), ("1Gi", None), ("16777216", UNKNOWN))
        for made in [runtime(memory)]
        for two in workloads(named)
    ]
    assert [pair for pair in harmful if not refused(*pair) & {"memory-budget", "memory-peak"}] == []
    assert [pair for pair in harmless if refused(*pair)] == []
    tally("overhead of runtimes", "harmful", len(harmful), 0)
    tally("overhead of runtimes", "harmless", len(harmless), 0)


def test_overhead_that_the_pod_says_itself_counts_once() -> None:
    for two in workloads("kata", overhead={"memory": "32Mi"}):
        assert refused(runtime("32Mi"), two) == set()
        assert refused(runtime("48Mi"), two)


@pytest.mark.parametrize("memory", [UNKNOWN, "much", {"a": "b"}])
def test_overhead_that_cannot_be_read_is_refused(memory: Any) -> None:
    assert refused(runtime(memory)) == {"memory-limit"}


def test_the_table_shows_the_overhead_with_its_pods() -> None:
    record = Record(LIMITS)
    for one in (runtime("160Mi"), workloads("kata")[0]):
        record.add(one)
    assert [part.pod for part in counted_workloads(record)] == [224 * MIB]
