"""Access of Amazon EKS is judged like the bindings of Kubernetes: named namespaces, and none with the pipeline's pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy.declared import Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_eks import ASSOCIATION, auth, entries, everyday, policy, wide
from tests.policy.mutations_reach import resource
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared

GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": GIB, "lake": GIB}, own="data-ingestion")
RULE = "rbac-exact"


def test_access_to_everything_is_refused_and_everyday_access_is_not(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*wide()], [*everyday()]
    assert [one.inputs for one in harmful if RULE not in {said.rule for said in by_plan([one], LIMITS)}] == []
    assert [one.inputs for one in harmful if RULE not in {rule for rule, _ in by_pack([one], LIMITS)}] == []
    assert [(one.inputs, by_plan([one], LIMITS)) for one in harmless if by_plan([one], LIMITS)] == []
    assert [one.inputs for one in harmless if by_pack([one], LIMITS)] == []
    tally("access of EKS", "harmful", len(harmful), 0)
    tally("access of EKS", "harmless", len(harmless), 0)


def test_another_namespace_with_a_broker_is_protected_too() -> None:
    spec = pod(container(command=["/opt/kafka/bin/kafka-server-start.sh", "server.properties"], memory="64Mi"))
    broker = extra("StatefulSet", "kafka", {"template": {"spec": spec}}, "apps/v1", "lake")
    for one in entries("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["lake"]}):
        assert RULE not in {said.rule for said in by_plan([one], LIMITS)}
        for order in ([one, broker], [broker, one]):
            assert RULE in {said.rule for said in by_plan(order, LIMITS)}
            assert RULE in {rule for rule, _ in by_pack(order, LIMITS)}


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            resource(ASSOCIATION, policyArn=policy("AmazonEKSClusterAdminPolicy"), accessScope={"type": "cluster"}),
            ["policyArn = 'AmazonEKSClusterAdminPolicy'", "in the whole cluster", "accessScope"],
        ),
        (
            auth(mapUsers='[{"userarn": "arn:aws:iam::123456789012:user/ann", "groups": ["system:masters"]}]'),
            ["mapUsers: groups = 'system:masters'", "all rights", "group of your own"],
        ),
    ],
)
def test_the_message_names_key_value_rule_and_cure(one: Declared, words: list[str]) -> None:
    (said,) = by_plan([one], LIMITS)
    assert [word for word in words if word not in said.message] == []
