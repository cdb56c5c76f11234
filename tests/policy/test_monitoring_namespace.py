"""The monitoring's namespace is guarded as the pipeline's is, and what it has no room for is told a cure that holds."""

from __future__ import annotations

import dataclasses

import pytest

from tests.policy.judging import by_plan, shipped
from tests.policy.workbench import Workbench, container, extra, pod, pod_of

BESIDE = {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"spec": pod(container())}}


def test_a_pod_without_room_is_told_to_go_elsewhere_since_no_size_of_the_settings_makes_room_for_it() -> None:
    resources, limits = shipped("sandbox")
    beside = extra("Deployment", "beside", BESIDE, "apps/v1", "data-ingestion-monitoring")
    (found,) = by_plan([*resources, beside], limits)
    assert found.rule == "memory-budget"
    assert found.message.endswith("or declare it in another namespace, since this budget is what the settings give to its own pods")
    assert "raise" not in found.message
    roomy = dataclasses.replace(limits, memory={**limits.memory, "web": 2**26})
    assert by_plan([*resources, extra("Deployment", "beside", BESIDE, "apps/v1", "web")], roomy) == []


@pytest.mark.parametrize("namespace", ["data-ingestion-audit", "data-ingestion-monitoring"])
def test_a_volume_without_room_is_told_the_budget_of_volumes(namespace: str) -> None:
    resources, limits = shipped("sandbox")
    claim = extra("PersistentVolumeClaim", "rows", {"resources": {"requests": {"storage": "1Gi"}}}, namespace=namespace)
    (found,) = by_plan([*resources, claim], dataclasses.replace(limits, volumes={**limits.volumes, namespace: 2**29}))
    assert found.rule == "disk-volumes"
    assert f"set {namespace} to 1024Mi in `volumes` of the rule disk-volumes" in found.message


@pytest.mark.parametrize("right", [["nodes/proxy", "get"], ["secrets", "list"], ["pods/exec", "create"], ["*", "*"]])
def test_its_token_may_list_nodes_and_read_their_figures_only(right: list[str]) -> None:
    resources, limits = shipped("sandbox")
    rule = {"apiGroups": [""], "resources": right[:1], "verbs": right[1:]}
    changed = Workbench(resources).changed("monitoring-nodes", lambda inputs: inputs["rules"].append(rule))
    assert {violation.rule for violation in by_plan(changed, limits)} == {"rbac-exact"}


def test_another_command_does_not_get_its_token() -> None:
    resources, limits = shipped("sandbox")
    changed = Workbench(resources).changed(
        "monitoring-prometheus", lambda inputs: pod_of(inputs)["containers"][0].update(command=["/bin/sh", "-c", "cat /var/run/secrets/*"])
    )
    assert {violation.rule for violation in by_plan(changed, limits)} == {"pod-restricted"}
