"""The pack accepts what a stack with an existing Prometheus declares, and still refuses what it refuses elsewhere."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from pipeline.plan.violations import declared
from policy.limits import of_stack
from stack.capacity.quantity import MIB
from stack.specification.stack import Specification
from tests.declared import STACKS
from tests.monitoring.existing import KINDS, declared_with
from tests.policy import mutations_access, mutations_doors, mutations_memory, mutations_own
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutants import mutants
from tests.policy.workbench import Workbench, pod_of

if TYPE_CHECKING:
    from policy.declared import Declared, Limits

FAMILIES = (
    mutations_memory.limits,
    mutations_memory.pods,
    mutations_access.pods,
    mutations_access.services,
    mutations_doors.network,
    mutations_own.guards,
    mutations_own.harmless_guards,
)


def shipped(stack: str, kind: str) -> tuple[list[Declared], Limits]:
    """Return the resources and limits of a stack with an existing Prometheus."""
    found = declared_with(stack, kind)
    return declared(found.recording.resources), of_stack(found.settings)


@pytest.mark.parametrize("stack", sorted(STACKS))
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_declared_breaks_no_rule(stack: str, kind: str) -> None:
    resources, limits = shipped(stack, kind)
    assert by_plan(resources, limits) == []
    assert by_pack(resources, limits) == []


@pytest.mark.full
def test_every_harmful_change_is_refused_and_no_harmless_one() -> None:
    resources, limits = shipped("sandbox", "operator")
    settings = declared_with("sandbox", "operator").settings
    tight = {**limits.memory, settings.names.namespace: Specification.of(settings).memory_mib * MIB}
    limits = dataclasses.replace(limits, memory=tight)
    wrong = []
    for mutant in mutants(resources, FAMILIES):
        found = {violation.rule for violation in by_plan(mutant.resources, limits)}
        if (mutant.rule not in found) if mutant.rule else found:
            wrong.append(f"{mutant.name}: expected {mutant.rule}, found {sorted(found)}")
    assert wrong == []


def test_an_exporter_that_grows_beyond_the_namespaces_budget_is_refused() -> None:
    resources, limits = shipped("sandbox", "operator")
    sizes = {"limits": {"memory": "225Mi"}, "requests": {"memory": "225Mi"}}
    changed = Workbench(resources).changed("monitoring-exporter", lambda inputs: pod_of(inputs)["containers"][0].update(resources=sizes))
    assert {violation.rule for violation in by_plan(changed, limits)} & {"memory-budget", "memory-peak"}


def test_a_prometheus_that_the_operator_would_start_is_refused() -> None:
    """Its pods are in no preview, so that no budget could count them."""
    resources, limits = shipped("sandbox", "operator")
    (monitor,) = [one for one in resources if one.name == "monitoring-kafka" and one.kind == "PodMonitor"]
    prometheus = dataclasses.replace(
        monitor, name="other", type="kubernetes:monitoring.coreos.com/v1:Prometheus", inputs={**monitor.inputs, "kind": "Prometheus"}
    )
    assert by_plan([*resources, prometheus], limits) != []
