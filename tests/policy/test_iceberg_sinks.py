"""The program's own Iceberg sink is the guarded one; a plain one of others is judged by the same rules."""

from __future__ import annotations

from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.configs.classes import ICEBERG_SINK, PLAIN_ICEBERG_SINK
from stack.configs.tokens import CONNECTOR
from tests.connector_configs import ICEBERG, NAMES, changed
from tests.policy.judging import by_pack, by_plan

LIMITS = Limits(memory={}, volumes={})
RULE = "connector-config"
UNGUARDED = "would ignore every file"


def told(name: str, config: dict[str, Any]) -> list[str]:
    """Return the messages about a connector, by the plan and by the pack alike."""
    urn = f"urn:pulumi:dev::data-ingestion::{CONNECTOR}::{name}"
    resources = [Declared(urn=urn, type=CONNECTOR, name=name, inputs={"name": name, "config": config})]
    plan = [violation.message for violation in by_plan(resources, LIMITS) if violation.rule == RULE]
    assert len(plan) == sum(rule == RULE for rule, _message in by_pack(resources, LIMITS))
    return plan


def _plain(**keys: str | None) -> dict[str, str]:
    return changed(ICEBERG, **{"connector.class": PLAIN_ICEBERG_SINK, **keys})


def test_the_program_renders_the_guarded_sink() -> None:
    assert ICEBERG["connector.class"] == ICEBERG_SINK


def test_the_programs_own_sink_without_its_guard_is_refused_with_the_class_to_set() -> None:
    (message,) = [message for message in told(NAMES.sink_connector, _plain()) if UNGUARDED in message]
    assert f"set {ICEBERG_SINK}" in message
    assert not [message for message in told(NAMES.sink_connector, dict(ICEBERG)) if UNGUARDED in message]


def test_a_plain_sink_of_others_is_accepted() -> None:
    assert not [message for message in told("orders-to-lake", _plain()) if UNGUARDED in message]


@pytest.mark.parametrize("key", ["iceberg.tables.evolve-schema-enabled", "iceberg.control.topic"])
@pytest.mark.parametrize("java_class", [ICEBERG_SINK, PLAIN_ICEBERG_SINK])
def test_each_of_the_two_is_judged_by_the_same_rules(java_class: str, key: str) -> None:
    assert [message for message in told("sink", changed(ICEBERG, **{"connector.class": java_class, key: None})) if key in message]
    assert not [message for message in told("sink", {**ICEBERG, "connector.class": java_class}) if key in message]
