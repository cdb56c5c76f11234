"""Nothing gives PUBLIC rights on captured tables, on the server or on a slot; everyday grants are accepted."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

import pytest

from policy.declared import Record
from policy.grant_rules import RULES
from policy.public_grants import grants
from policy.rule import judge_end
from tests.policy.judging import judged
from tests.policy.mutations_grants import (
    carriers,
    elsewhere,
    everyday_resources,
    everyday_statements,
    harmful_resources,
    harmful_statements,
)
from tests.policy.workbench import extra

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared

RULE = "grants-exact"
_PARTS = (
    *("grant ", "to public ", "grant a on b to public ", "grant a on b to public;"),
    *("/* grant on ", "to x, ", "-- grant\n", "a=public to :a "),
)


@functools.cache
def record(stack: str) -> Record:
    """Return the source and the server of a stack."""
    resources, limits = judged(stack)
    made = Record(limits)
    for one in resources:
        if one.type.startswith("kafkaconnect:") or "postgresql" in one.name:
            made.add(one)
    return made


def told(stack: str, *more: Declared) -> list[str]:
    """Return what the rule says of resources beside a stack."""
    made = Record(record(stack).limits)
    for one in (*record(stack).resources.values(), *more):
        made.add(one)
    (rule,) = RULES
    found = [violation.message for violation in judge_end(rule, made)]
    assert not any("could not run" in message for message in found)
    return found


def test_statements_for_everybody_are_refused_and_everyday_ones_are_not(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = list(harmful_statements()), list(everyday_statements())
    for stack in ("dev", "prod"):
        assert [one for one in harmful if not told(stack, next(carriers(one)))] == []
        assert [one for one in harmless if told(stack, next(carriers(one)))] == []
    for one in carriers(harmful[0]):
        assert told("dev", one), one.kind
    tally("grants to everybody", "harmful", len(harmful), 0)
    tally("grants to everybody", "harmless", len(harmless), 0)


def test_resources_of_the_provider_are_judged_alike(tally: Callable[[str, str, int, int], None]) -> None:
    for stack, database in (("dev", "ecommerce"), ("prod", "shop")):
        harmful, harmless = list(harmful_resources(database)), list(everyday_resources(database))
        assert [one.inputs for one in harmful if not told(stack, one)] == []
        assert [one.inputs for one in harmless if told(stack, one)] == []
        tally("grants to everybody", "harmful", len(harmful), 0)
        tally("grants to everybody", "harmless", len(harmless), 0)


def test_a_script_elsewhere_counts_where_its_namespace_names_the_server() -> None:
    statement = "GRANT SELECT ON users TO PUBLIC;"
    assert told("dev", *elsewhere(statement, reaches=True))
    assert not told("dev", *elsewhere(statement, reaches=False))


def test_without_a_captured_database_there_is_nothing_to_give() -> None:
    (rule,) = RULES
    made = Record(record("dev").limits)
    made.add(next(carriers("GRANT SELECT ON users TO PUBLIC;")))
    assert judge_end(rule, made) == []


def test_the_message_names_the_table_and_the_cure() -> None:
    (message,) = told("dev", next(carriers("GRANT SELECT ON other, public.orders TO PUBLIC;")))
    assert "gives every role of the server rights on the captured table public.orders" in message
    assert message.endswith("name the roles that need it in the place of PUBLIC")


@pytest.mark.parametrize(
    "before",
    ["GRANT USAGE ON SCHEMA public TO public;\n" * 3000, "-- to public\n" * 3000, "GRANT /* to public */ SELECT ON users TO PUBLIC;\n"],
)
def test_what_stands_before_hides_no_grant(before: str) -> None:
    assert told("dev", next(carriers(f"{before}GRANT SELECT ON users TO PUBLIC;")))


def test_texts_of_any_size_are_read_in_time() -> None:
    for part in _PARTS:
        one = extra("ConfigMap", "long", {})
        one.inputs["data"] = {"a": part * (100_000 // len(part)) + "public"}  # type: ignore[index]
        begin = time.process_time()
        grants(one)
        assert time.process_time() - begin < 0.5, part
