"""Parameters of roles, databases and sessions are judged like those of the server, by whatever text or resource they are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policy.judging import by_pack, by_plan, judged
from tests.policy.mutations_sessions import (
    HARMLESS,
    HARMLESS_TO_OTHERS,
    OF_OTHERS,
    OF_PIPELINE,
    cases,
    harmful_sessions,
    harmless_sessions,
    held,
    of_provider,
)
from tests.policy.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Limits


RULES = {"postgres-config", "postgres-fits"}


def told(*further: Declared, stack: str = "sandbox") -> list[str]:
    """Return what the plan says about further resources of a stack, which the pack says too."""
    resources, limits = judged(stack)
    found = [f"{one.rule}: {one.message}" for one in by_plan([*resources, *further], limits)]
    assert {one.partition(":")[0] for one in found} == {rule for rule, _ in by_pack([*resources, *further], limits)}
    return found


def database() -> tuple[list[Declared], Limits]:
    """Return the server of a stack with its file, and the connector that reads it: what these parameters are judged beside."""
    resources, limits = judged("sandbox")
    kept = [one for one in resources if one.kind in {"Connector", "Service"} or "postgresql" in one.object_name]
    return kept, limits


def refused(resources: list[Declared], limits: Limits, at: int = 0) -> set[str]:
    """Return the rules for PostgreSQL by which the plan refuses; the pack is asked for every fourth stack, and agrees."""
    plan = {one.rule for one in by_plan(resources, limits)}
    assert at % 4 or plan == {rule for rule, _ in by_pack(resources, limits)}
    return plan & RULES


@pytest.mark.full
def test_parameters_of_sessions_that_break_the_pipeline_are_refused(tally: Callable[[str, str, int, int], None]) -> None:
    resources, limits = database()
    tried = [*harmful_sessions(Workbench(resources))]
    missed = [name for at, (name, rule, made) in enumerate(tried) if rule not in refused(made, limits, at)]
    tally("parameters of sessions", "harmful", len(tried), len(missed))
    assert missed == []


@pytest.mark.full
def test_everyday_parameters_of_sessions_are_accepted(tally: Callable[[str, str, int, int], None]) -> None:
    resources, limits = database()
    assert refused(resources, limits) == set()
    in_jobs = (*cases((*OF_PIPELINE, *OF_OTHERS), *HARMLESS), *cases(OF_OTHERS, *HARMLESS_TO_OTHERS))
    tried = [*harmless_sessions(Workbench(resources)), *((name, None, [*resources, one]) for name, one in in_jobs)]
    wrong = [name for at, (name, _, made) in enumerate(tried) if refused(made, limits, at)]
    tally("parameters of sessions", "harmless", len(tried), len(wrong))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "ALTER ROLE analyst SET work_mem = '64MB'",
            ["role analyst", "work_mem (64MB)", "CONNECTION LIMIT", "available", "raise the limit"],
        ),
        ("ALTER DATABASE ecommerce SET session_replication_role = replica", ["database ecommerce", "replica", "triggers", "set origin"]),
        ("ALTER ROLE ALL SET wal_level = logical", ["role (any)", "wal_level = 'logical'", "whole server", "source.parameters"]),
        ("ALTER SYSTEM SET default_transaction_read_only = on", ["default_transaction_read_only = 'on'", "no row", "set off"]),
    ],
)
def test_the_message_names_key_value_rule_and_cure(text: str, words: list[str]) -> None:
    (said,) = told(held(text))
    assert [word for word in words if word not in said] == []


def test_an_existing_server_is_protected_from_the_pipelines_namespace() -> None:
    assert [one.partition(":")[0] for one in told(held("ALTER ROLE ALL SET session_replication_role = replica"), stack="prod")] == [
        "postgres-config"
    ]
    assert told(held("ALTER ROLE analyst SET work_mem = '1GB'"), stack="prod") == []
    assert [one.partition(":")[0] for one in told(of_provider("Role", "app", parameters={"synchronous_commit": "off"}), stack="prod")] == [
        "postgres-config"
    ]


def test_a_limit_of_connections_counts_in_the_resource_that_sets_the_memory() -> None:
    limited = "CREATE ROLE analyst LOGIN CONNECTION LIMIT 2;"
    tuned = "ALTER ROLE analyst SET work_mem = '6MB';"
    resources, limits = database()
    assert refused([*resources, held(f"{limited}\n{tuned}")], limits) == set()
    for order in ([held(limited, kind="Secret"), held(tuned)], [held(tuned), held(limited, kind="Secret")]):
        assert refused([*resources, *order], limits) == {"postgres-fits"}
