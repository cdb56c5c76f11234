"""The namespaces of what reads the pipeline, audit and monitoring, are guarded as the pipeline's is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.policy.judging import by_pack, by_plan, shipped
from tests.policy.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

ENFORCE = "pod-security.kubernetes.io/enforce"
NAMESPACES = ("audit-namespace", "monitoring-namespace")


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels.update({ENFORCE: "privileged"}),
        lambda labels: labels.update({ENFORCE: "baseline"}),
        lambda labels: labels.pop(ENFORCE),
        lambda labels: labels.update({f"{ENFORCE}-version": "v1.20"}),
    ],
)
def test_its_pod_security_stays_restricted(namespace: str, change: Callable[[dict[str, str]], Any]) -> None:
    resources, limits = shipped("sandbox")
    changed = Workbench(resources).changed(namespace, lambda inputs: change(inputs["metadata"]["labels"]))
    assert {violation.rule for violation in by_plan(changed, limits)} == {"guards-kept"}
    assert {rule for rule, _message in by_pack(changed, limits)} == {"guards-kept"}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_sidecar_by_label_is_refused_there_too(namespace: str) -> None:
    resources, limits = shipped("sandbox")
    injected = {"istio-injection": "enabled"}
    changed = Workbench(resources).changed(namespace, lambda inputs: inputs["metadata"]["labels"].update(injected))
    assert {violation.rule for violation in by_plan(changed, limits)} == {"memory-limit"}
