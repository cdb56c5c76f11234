"""Disruption budgets: how many pods may be away, and the message to the user."""

from __future__ import annotations

from typing import Any

import pytest

from policy.declared import Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import container, extra, pod

GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": 8 * GIB}, volumes={})
LABELS = {"app": "tool"}


def messages(replicas: int | None, selector: Any = None, namespace: str = "data-ingestion", **budget: Any) -> list[str]:
    """Return the message of plan and pack about a budget beside a StatefulSet, whichever is declared first."""
    spec = {"template": {"metadata": {"labels": {**LABELS, "tier": "one"}}, "spec": pod(container())}}
    if replicas is not None:
        spec["replicas"] = replicas
    tool = extra("StatefulSet", "tool", spec, "apps/v1")
    limit = extra("PodDisruptionBudget", "drain", {"selector": selector or {"matchLabels": LABELS}, **budget}, "policy/v1", namespace)
    plan = sorted(one.message for one in by_plan([tool, limit], LIMITS) if one.rule == "disruption-bounded")
    for order in ([tool, limit], [limit, tool]):
        pack = sorted(message.partition(": ")[2] for rule, message in by_pack(order, LIMITS) if rule == "disruption-bounded")
        assert pack == plan
    return plan


@pytest.mark.parametrize(
    ("replicas", "budget"),
    [
        (3, {"maxUnavailable": 1}),
        (3, {"maxUnavailable": 2}),
        (3, {"maxUnavailable": "33%"}),
        (3, {"maxUnavailable": "1%"}),
        (3, {"minAvailable": 2}),
        (3, {"minAvailable": "60%"}),
        (1, {"maxUnavailable": 1}),
        (None, {"maxUnavailable": 1}),
        (0, {"maxUnavailable": 0}),
    ],
)
def test_a_budget_that_lets_a_node_be_drained_is_accepted(replicas: int | None, budget: dict[str, Any]) -> None:
    """A single pod must be evicted when its node is drained."""
    assert messages(replicas, **budget) == []


@pytest.mark.parametrize(
    ("replicas", "budget"),
    [
        (3, {"maxUnavailable": 0}),
        (3, {"maxUnavailable": "0%"}),
        (3, {"minAvailable": 3}),
        (3, {"minAvailable": 4}),
        (3, {"minAvailable": "67%"}),
        (3, {"minAvailable": "100%"}),
        (1, {"minAvailable": 1}),
        (None, {"minAvailable": 1}),
    ],
)
def test_a_budget_that_holds_up_a_drain_is_refused(replicas: int | None, budget: dict[str, Any]) -> None:
    """Kubernetes rounds a share up: two thirds of three are three."""
    (message,) = messages(replicas, **budget)
    assert message.startswith(
        "PodDisruptionBudget drain: allows no pod of StatefulSet tool to be missing, so draining a node never completes"
    )
    assert message.endswith("; set maxUnavailable to 1")


@pytest.mark.parametrize("budget", [{"maxUnavailable": 3}, {"maxUnavailable": 9}, {"maxUnavailable": "100%"}, {"minAvailable": 0}, {}])
def test_a_budget_that_lets_all_pods_go_is_refused(budget: dict[str, Any]) -> None:
    (message,) = messages(3, **budget)
    assert message == "PodDisruptionBudget drain: allows all 3 pods of StatefulSet tool to be missing at once; set maxUnavailable to 1"


def test_a_budget_is_about_the_pods_that_it_selects() -> None:
    assert messages(3, {"matchLabels": {"app": "other"}}, maxUnavailable=0) == []
    assert messages(3, {"matchLabels": {**LABELS, "tier": "one"}}, maxUnavailable=0) != []
    assert messages(3, {"matchLabels": {}}, maxUnavailable=0) != [], "an empty selector is all pods of the namespace"
    assert messages(3, namespace="elsewhere", maxUnavailable=0) == []
