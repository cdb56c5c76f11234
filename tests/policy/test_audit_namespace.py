"""The audit's namespace is guarded as the pipeline's is, and its budget has a cure of its own."""

from __future__ import annotations

from tests.policy.judging import by_plan, shipped
from tests.policy.workbench import Workbench, pod_of


def test_too_large_a_job_is_told_the_audits_own_setting() -> None:
    resources, limits = shipped("sandbox")
    sizes = {"limits": {"memory": "2048Mi"}, "requests": {"memory": "2048Mi"}}
    changed = Workbench(resources).changed("audit-audit", lambda inputs: pod_of(inputs)["containers"][0].update(resources=sizes))
    (found,) = by_plan(changed, limits)
    assert found.rule == "memory-peak"
    assert "namespace data-ingestion-audit may use 2048 MiB" in found.message
    assert "raise audit.memoryMib to 2048" in found.message


def test_the_pipeline_cannot_use_the_audits_budget() -> None:
    resources, limits = shipped("sandbox")
    changed = Workbench(resources).changed("connect-connect", lambda inputs: inputs["spec"].update(replicas=2))
    (found,) = [violation for violation in by_plan(changed, limits) if violation.rule == "memory-budget"]
    assert "raise budget.memoryMib" in found.message
