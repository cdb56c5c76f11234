"""The program's own source has the class that refuses a database that went back in time; sources of others may have Debezium's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from policy.declared import Record
from policy.fit_rules import slots, sources
from stack.configs.classes import DEBEZIUM, GUARDED_DEBEZIUM
from stack.configs.tokens import CONNECTOR
from stack.settings.names import Names
from tests.policy.judging import by_pack, by_plan, judged

if TYPE_CHECKING:
    from policy.declared import Declared

SKIPPED = "would be skipped in silence"


def told(resources: list[Declared]) -> list[str]:
    """Return the keys that the rule for connectors names, by the plan and by the pack alike."""
    _, limits = judged("sandbox")
    plan = [violation.message for violation in by_plan(resources, limits) if violation.rule == "connector-config"]
    assert bool(plan) == any(rule == "connector-config" for rule, _message in by_pack(resources, limits))
    return plan


def with_class(java_class: str, name: str = "") -> list[Declared]:
    """Return the sandbox's stack whose source has another class, and another name where one is given."""
    resources, _ = judged("sandbox")
    changed = []
    for resource in resources:
        if resource.type == CONNECTOR and resource.inputs["name"] == Names().source_connector:
            config = {**resource.inputs["config"], "connector.class": java_class}
            inputs = {**resource.inputs, "config": config, "name": name or resource.inputs["name"]}
            resource = dataclasses.replace(resource, inputs=inputs)  # noqa: PLW2901 - the one that is changed
        changed.append(resource)
    return changed


def test_debeziums_own_class_is_refused_for_the_programs_source() -> None:
    (message,) = told(with_class(DEBEZIUM))
    assert SKIPPED in message
    assert f"set {GUARDED_DEBEZIUM}" in message
    assert told(with_class(GUARDED_DEBEZIUM)) == []


def test_debeziums_own_class_is_accepted_for_a_source_of_others() -> None:
    assert told(with_class(DEBEZIUM, name="crm-source")) == []


@pytest.mark.parametrize("java_class", [DEBEZIUM, GUARDED_DEBEZIUM])
def test_a_source_of_either_class_is_counted_for_memory(java_class: str) -> None:
    _, limits = judged("sandbox")
    record = Record(limits)
    for resource in with_class(java_class):
        record.add(resource)
    assert slots(record) == 1
    assert [config["connector.class"] for config in sources(record)] == [java_class]
