"""No pod preempts the pipeline's, and everyday priorities are accepted, by plan and pack alike."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import pytest

from tests.policy.judging import by_pack, by_plan, judged
from tests.policy.mutations_priority import PREEMPTING, QUIET, priority, workload_of
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from policy.declared import Declared

RULE = "priority-kept"
GIB = 2**30


def refused(*further: Declared, stack: str = "sandbox") -> bool:
    """Return whether plan and pack refuse further resources of a stack with room, in every order."""
    shipped, limits = judged(stack)
    resources = [one for one in shipped if one.kind in {"Deployment", "StatefulSet"}]
    limits = dataclasses.replace(limits, memory=dict.fromkeys(("data-ingestion", "web", "kube-system", "lake"), 16 * GIB), nodes=1)
    found = set()
    for order in itertools.permutations(further):
        made = [*resources, *order]
        plan = RULE in {one.rule for one in by_plan(made, limits)}
        assert plan == (RULE in {rule for rule, _ in by_pack(made, limits)})
        found.add(plan)
    (one,) = found
    return one


@pytest.mark.full
def test_a_class_above_the_pipelines_pods_is_refused_in_every_namespace() -> None:
    for namespace, said in itertools.product(("data-ingestion", "web", "kube-system"), PREEMPTING):
        assert refused(workload_of("important", namespace=namespace), priority(**said))
    assert refused(workload_of("system-cluster-critical", namespace="web"))


def test_everyday_priorities_are_accepted() -> None:
    for said in QUIET:
        assert not refused(workload_of("important", namespace="web"), priority(**said))
    assert not refused(workload_of("important", namespace="web"))
    assert not refused(workload_of("system-cluster-critical", namespace="kube-system"))
    assert not refused(workload_of("system-node-critical", "DaemonSet", "web"))
    assert not refused(priority(), priority("unused", value=5))


def test_brokers_elsewhere_are_protected_too() -> None:
    command = ["/opt/kafka/bin/kafka-server-start.sh", "server.properties"]
    broker = extra("StatefulSet", "kafka", {"template": {"spec": pod(container(command=command))}}, "apps/v1", "lake")
    assert not refused(broker)
    assert refused(broker, workload_of("important", namespace="lake"), priority())
