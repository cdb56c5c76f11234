"""The pack as the engine runs it: over gRPC, in its own process, resource by resource, with unknowns and secrets on the wire."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import empty_pb2

from pipeline.recording import record
from policy.catalogue import RULES
from stack.unknown import UNKNOWN
from tests.declared import Declared
from tests.policy.pack_process import MANDATORY, refused, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.recording import Resource
    from tests.policy.pack_process import Pack


@pytest.fixture
def pack() -> Iterator[Pack]:
    with running() as started:
        yield started


def changed(resources: Sequence[Resource], name: str, **inputs: Any) -> list[Resource]:
    """Return resources with other inputs for one of them."""
    return [dataclasses.replace(item, inputs={**item.inputs, **inputs}) if item.name == name else item for item in resources]


@functools.cache
def in_order(stack: str, *, preview: bool = True) -> tuple[Resource, ...]:
    """Return a stack's resources in an engine's order, each after its dependencies; in a preview with its unknowns."""
    recording = record(stack) if preview else Declared.of(stack).recording
    return tuple(sorted(recording.resources, key=lambda item: len(recording.upstream(item.urn))))


def test_every_rule_is_a_policy_and_those_that_must_are_mandatory(pack: Pack) -> None:
    info = pack.stub.GetAnalyzerInfo(empty_pb2.Empty())
    levels = {item.name: item.enforcementLevel == MANDATORY for item in info.policies}
    assert levels == {**{rule.name: rule.level == "mandatory" for rule in RULES}, "whole-stack": True}
    assert info.supportsConfig


@pytest.mark.parametrize("stack", ["dev", "sandbox", "prod"])
def test_the_shipped_stacks_pass_a_preview_with_all_its_unknowns(stack: str) -> None:
    with running(stack) as started:
        found = started.run(in_order(stack))
    assert [one.message for one in found if one.enforcementLevel == MANDATORY] == []


@pytest.mark.parametrize("stack", ["dev", "sandbox", "prod"])
def test_the_shipped_stacks_pass_an_update(stack: str) -> None:
    with running(stack, dry_run=False) as started:
        found = started.run(in_order(stack, preview=False))
    assert [one.message for one in found if one.enforcementLevel == MANDATORY] == []


def test_the_one_pod_too_many_is_stopped_before_it_is_made(pack: Pack) -> None:
    """Under ``up --skip-preview`` a rule about the whole stack would speak only after every change."""
    resources = in_order("sandbox")
    connect = next(item for item in resources if item.name == "connect-connect")
    spec = {**connect.inputs["spec"], "replicas": 2}
    found: dict[str, set[str]] = {}
    for item in changed(resources, "connect-connect", spec=spec):
        found[item.name] = refused(pack.analyze(item))
    assert [name for name, rules in found.items() if rules] == ["connect-connect"]
    assert found["connect-connect"] == {"memory-budget"}


def test_a_message_names_the_workload_the_figures_the_owners_and_the_cure(pack: Pack) -> None:
    resources = in_order("sandbox")
    connect = next(item for item in resources if item.name == "connect-connect")
    found = pack.run(changed(resources, "connect-connect", spec={**connect.inputs["spec"], "replicas": 2}))
    (told,) = [one for one in found if one.enforcementLevel == MANDATORY]
    for part in (
        "Deployment connect: the pods of namespace data-ingestion may use 5118 MiB, 1022 more than the budget of 4096",
        "StatefulSet kafka: 3 x 682 = 2046 MiB",
        "Deployment connect: 2 x 1024 = 2048 MiB",
        "Lower Deployment connect by 511Mi a pod, or raise budget.memoryMib to 5118",
    ):
        assert part in told.message


@pytest.mark.parametrize(
    ("name", "inputs", "rule"),
    [
        ("connect-connect", {"spec": UNKNOWN}, "memory-limit"),
        ("connect-connect", {"metadata": UNKNOWN}, "memory-budget"),
        ("kafka-topic-postgres.public.users", {"partitions": UNKNOWN}, "disk-logs"),
        ("streaming-source-connector", {"config": UNKNOWN}, "sink-fits"),
        ("archive-write", {"policy": UNKNOWN}, "iam-exact"),
        ("archive-public-access", {"blockPublicAcls": UNKNOWN}, "bucket-private"),
    ],
)
def test_an_unknown_is_refused_and_not_turned_into_a_warning(pack: Pack, name: str, inputs: dict[str, Any], rule: str) -> None:
    found = pack.run(changed(in_order("sandbox"), name, **inputs))
    assert rule in refused(found)
    assert not any("can't run policy" in one.message for one in found)


def test_a_resource_that_only_the_whole_stack_shows_empty_is_refused(pack: Pack) -> None:
    """In a preview an unconfigured provider returns an empty object, not an unknown."""
    resources = in_order("sandbox")
    for item in resources:
        if item.name != "connect-connect":
            pack.analyze(item)
    empty = [dataclasses.replace(item, inputs={}) if item.name == "connect-connect" else item for item in resources]
    found = pack.analyze_stack(empty)
    assert "memory-limit" in refused(found)
    assert any(one.urn.endswith("connect-connect") for one in found)


def test_no_message_shows_a_secret(pack: Pack) -> None:
    secret = "hunter2-in-clear"
    resources = in_order("sandbox", preview=False)
    connector = next(item for item in resources if item.name == "streaming-source-connector")
    broken = changed(resources, connector.name, config={**connector.inputs["config"], "database.password": secret})
    connect = next(item for item in resources if item.name == "connect-connect")
    template = connect.inputs["spec"]["template"]
    container = {
        **template["spec"]["containers"][0],
        "env": [{"name": "DB_PASSWORD", "value": secret}],
        "command": ["x", f"--token={secret}"],
    }
    spec = {**connect.inputs["spec"], "template": {**template, "spec": {**template["spec"], "containers": [container]}}}
    found = pack.run(changed(broken, connect.name, spec=spec))
    assert "no-literal-credential" in refused(found)
    assert [one.message for one in found if secret in one.message] == []
    samples = [
        value for item in resources for value in item.inputs.values() if item.secret_inputs and isinstance(value, str) and "sample" in value
    ]
    assert [one.message for one in found for value in samples if value in one.message] == []


@pytest.mark.full
def test_budgets_come_from_the_stack_and_over_them_from_the_packs_configuration() -> None:
    resources = in_order("sandbox")
    for told, expected in (
        ({"budgets": {"data-ingestion": "4093Mi"}}, {"memory-budget"}),
        ({"budgets": {"data-ingestion": "4094Mi"}}, set()),
        ({"budgets": {"elsewhere": "1Gi"}}, set()),
    ):
        with running() as started:
            started.configure(memory_budget=told)
            assert refused(started.run(resources)) == expected, told
    with running() as started:
        started.configure(disk_volumes={"volumes": {"data-ingestion": "10Gi"}})
        assert refused(started.run(resources)) == {"disk-volumes"}


def test_without_a_readable_configuration_nothing_has_a_budget() -> None:
    with running(config={"data-ingestion:budget": '{"memoryMib": "much"}'}) as started:
        found = started.run(in_order("sandbox"))
    assert {"memory-budget", "disk-volumes"} <= refused(found)
    assert any("configuration cannot be read" in one.message for one in found)


def test_a_second_declaration_of_a_resource_takes_the_place_of_the_first(pack: Pack) -> None:
    resources = in_order("sandbox")
    connect = next(item for item in resources if item.name == "connect-connect")
    twice = dataclasses.replace(connect, inputs={**connect.inputs, "spec": {**connect.inputs["spec"], "replicas": 2}})
    for item in resources:
        pack.analyze(item)
    assert refused(pack.analyze(twice)) == {"memory-budget"}
    assert refused(pack.analyze(connect)) == set()


def test_five_hundred_resources_are_judged_in_a_preview(pack: Pack, figure: Callable[[str], None]) -> None:
    resources = in_order("sandbox")
    config = next(item for item in resources if item.type.endswith(":ConfigMap"))
    more = [dataclasses.replace(config, urn=f"{config.urn}-{number}", name=f"extra-{number}") for number in range(500 - len(resources))]
    begun = time.monotonic()
    found = pack.run([*resources, *more])
    figure(f"the policy pack judged 500 resources in {time.monotonic() - begun:.1f} s")
    assert refused(found) == set()
