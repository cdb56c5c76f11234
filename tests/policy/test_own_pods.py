"""Workloads of the stack keep what the settings render, and nothing answers, copies or restores in their place."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from policy import own_pods, volume_rules
from policy.declared import Declared, Limits, Record
from policy.rule import judge_end
from stack.unknown import UNKNOWN
from tests.policy import mutations_claims, mutations_pods, mutations_refusing, mutations_starts
from tests.policy.judging import by_plan, judged
from tests.policy.workbench import NAMESPACE, Workbench, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.policy.mutants import Family

RULE = "pods-kept"


FAMILIES = (
    *(mutations_pods.pods, mutations_pods.answering, mutations_pods.controllers),
    *(mutations_starts.starts, mutations_claims.claims, mutations_refusing.refusing),
)


@pytest.mark.full
@pytest.mark.parametrize("family", FAMILIES)
def test_every_change_is_refused_by_its_rule_and_everyday_ones_are_not(family: Family, tally: Callable[[str, str, int, int], None]) -> None:
    resources, limits = judged("prod")
    harmful = harmless = 0
    for name, rule, made in family(Workbench(resources)):
        told = {violation.rule for violation in by_plan(made, limits)}
        if rule is None:
            assert not told, name
            harmless += 1
        elif "postgresql" not in name:  # this stack has a database of its own
            assert rule in told, name
            harmful += 1
    tally("own pods", "harmful", harmful, 0)
    tally("own pods", "harmless", harmless, 0)


def test_everyday_claims_and_pods_are_free() -> None:
    resources, limits = judged("sandbox")
    (rule,) = volume_rules.RULES
    for made in mutations_claims.everyday_claims():
        record = Record(limits)
        for one in (*resources, *made):
            record.add(one)
        assert judge_end(rule, record) == [], made


def test_the_last_open_node_is_not_closed() -> None:
    resources, limits = judged("sandbox")
    (rule,) = own_pods.RULES
    workloads = [one for one in resources if one.kind in {"StatefulSet", "Deployment"}]
    for nodes, refused in ((3, True), (4, False), (None, False)):
        record = Record(dataclasses.replace(limits, nodes=nodes))
        closed = [mutations_starts.node("NodePatch", ("a", "NoSchedule"), name=f"node-{at}") for at in range(2)]
        for one in (*workloads, *closed, mutations_starts.node("NodePatch", name="node-2", unschedulable=True)):
            record.add(one)
        assert bool(judge_end(rule, record)) is refused


@pytest.mark.parametrize(
    ("image", "told"),
    [("apache/kafka:4.1.0", True), ("postgres:17.2", True), ("confluentinc/cp-kafka-connect:8.0.0", True), ("nginx:1.27.2", False)],
)
def test_other_brokers_and_databases_resolve_names_as_everybody_does(image: str, told: bool) -> None:  # noqa: FBT001 - a parameter
    limits = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**34}, own=NAMESPACE)
    fields: tuple[dict[str, Any], ...] = (
        {"hostAliases": [{"ip": "203.0.113.7", "hostnames": ["a"]}]},
        {"nodeName": "a"},
        {"dnsPolicy": "None"},
    )
    for more in fields:
        for namespace, near in ((NAMESPACE, True), ("web", False)):
            template = {"spec": pod(container(image=image, command=None), **more)}
            one = extra("Deployment", "other", {"replicas": 1, "template": template}, "apps/v1", namespace)
            assert (RULE in {violation.rule for violation in by_plan([one], limits)}) is (told and near)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_publication_and_slot_of_a_connector_are_the_pipelines(stack: str) -> None:
    resources, limits = judged(stack)
    (config,) = [one.inputs["config"] for one in resources if "slot.name" in (one.inputs.get("config") or {})]
    for kind, key in (("publication:Publication", "publication.name"), ("replicationSlot:ReplicationSlot", "slot.name")):
        for name, told in ((config[key], True), ("reports", False)):
            one = Declared(urn="urn::p", type=f"postgresql:index/{kind}", name="p", inputs={"name": name, "tables": ["public.users"]})
            found = [violation.rule for violation in by_plan([*resources, one], limits)]
            assert found == (["postgres-config"] if told else [])


def test_a_key_that_is_switched_off_is_refused_where_a_bucket_may_have_it() -> None:
    limits = Limits(own=NAMESPACE)
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for key, off, told in ((UNKNOWN, False, True), (UNKNOWN, True, False), ("arn:aws:kms:eu-central-1:123456789012:key/a", False, False)):
        rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}}]
        encryption = Declared(urn="urn::e", type=kind, name="e", inputs={"bucket": "b", "rules": rules})
        made = Declared(urn="urn::k", type="aws:kms/key:Key", name="k", inputs={"isEnabled": off})
        assert ("archive-kept" in {violation.rule for violation in by_plan([encryption, made], limits)}) is told
