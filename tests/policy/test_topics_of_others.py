"""A topic that a declared connector uses keeps every row; a topic of others may be compacted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.configs.tokens import CONNECTOR, TOPIC
from stack.configs.topics import CONNECT, CONNECT_CONFIGS
from stack.unknown import UNKNOWN
from tests.connector_configs import ICEBERG, NAMES, S3, SOURCE, changed
from tests.policy.judging import by_pack, by_plan

LIMITS = Limits(memory={}, volumes={})
DAY_MS = 86_400_000
KEPT = {"cleanup.policy": "delete", "min.insync.replicas": "2", "retention.ms": str(30 * DAY_MS)}
COMPACTED = {**KEPT, "cleanup.policy": "compact"}
SHORT = {**KEPT, "retention.ms": "1"}
SMALL = {**KEPT, "retention.bytes": "1"}
TIMED = {**KEPT, "message.timestamp.type": "LogAppendTime"}


def topic(name: str, config: dict[str, str]) -> Declared:
    """Return a declared topic of three copies."""
    inputs = {"name": name, "partitions": 1, "replicationFactor": 3, "config": config}
    return Declared(urn=f"urn:pulumi:dev::data-ingestion::{TOPIC}::{name}", type=TOPIC, name=name, inputs=inputs)


def connector(name: str, config: Any) -> Declared:
    """Return a declared connector."""
    inputs = {"name": name, "config": config}
    return Declared(urn=f"urn:pulumi:dev::data-ingestion::{CONNECTOR}::{name}", type=CONNECTOR, name=name, inputs=inputs)


def told(*resources: Declared) -> list[str]:
    """Return the messages of the rule for topics, by the plan and by the pack alike."""
    plan = [violation.message for violation in by_plan(resources, LIMITS) if violation.rule == "topic-config"]
    assert bool(plan) == any(rule == "topic-config" for rule, _message in by_pack(resources, LIMITS))
    return plan


USED = [
    ("postgres.public.users", SOURCE),
    (NAMES.heartbeat_topic, SOURCE),
    ("postgres.public.users", S3),
    (NAMES.dead_letter_topic, S3),
    (NAMES.control_topic(), ICEBERG),
    ("billing.invoices", changed(S3, **{"topics": None, "topics.regex": r"billing\..*"})),
    ("billing.invoices", changed(S3, **{"topics": None, "topics.regex": "((a+)+)+!"})),
    ("billing.invoices", {**S3, "topics": UNKNOWN}),
    ("billing.invoices", UNKNOWN),
]


@pytest.mark.parametrize(("name", "config"), USED, ids=[f"{number}-{name}" for number, (name, _config) in enumerate(USED)])
@pytest.mark.parametrize("wrong", [COMPACTED, TIMED, SHORT, SMALL], ids=["compacted", "other times", "kept shortly", "kept in a byte"])
@pytest.mark.parametrize("first", [True, False], ids=["topic first", "connector first"])
def test_a_topic_of_a_connector_keeps_its_rows_and_their_times(name: str, config: Any, wrong: dict[str, str], first: bool) -> None:  # noqa: FBT001
    resources = [topic(name, wrong), connector("c", config)]
    (message,) = told(*(resources if first else reversed(resources)))
    assert name in message
    assert told(topic(name, KEPT), connector("c", config)) == []


@pytest.mark.parametrize("allowed", [COMPACTED, TIMED, SHORT, SMALL], ids=["compacted", "other times", "kept shortly", "kept in a byte"])
def test_a_topic_of_others_is_left_to_its_owner(allowed: dict[str, str]) -> None:
    connectors = [connector("source", SOURCE), connector("sink", S3)]
    assert told(topic("billing.balances", allowed), *connectors) == []
    assert told(topic("billing.balances", allowed)) == []


@pytest.mark.parametrize(
    "wrong",
    [{"max.message.bytes": "1000"}, {"remote.storage.enable": "true"}, {"leader.replication.throttled.replicas": "*"}],
    ids=["of small messages", "tiered", "throttled"],
)
@pytest.mark.parametrize("name", CONNECT)
def test_a_topic_of_connect_takes_what_connect_writes(name: str, wrong: dict[str, str]) -> None:
    compact = {"cleanup.policy": "compact", "min.insync.replicas": "2"}
    assert told(topic(name, compact)) == []
    assert len(told(topic(name, {**compact, **wrong}))) == 1


def test_connects_configurations_are_in_one_partition() -> None:
    one = topic(CONNECT_CONFIGS, {"cleanup.policy": "compact", "min.insync.replicas": "2"})
    assert len(told(dataclasses.replace(one, inputs={**one.inputs, "partitions": 2}))) == 1


def test_the_registrys_journal_is_never_compacted() -> None:
    assert len(told(topic("registry-journal", COMPACTED))) == 1


@pytest.mark.parametrize("first", [True, False], ids=["topic first", "connector first"])
@pytest.mark.parametrize("days", ["29", None], ids=["too few", "the brokers' own"])
def test_dead_letters_are_kept_until_somebody_can_have_looked_at_them(days: str | None, first: bool) -> None:  # noqa: FBT001
    """The same time is enough for any other topic, and so is no limit for this one."""
    retention = {} if days is None else {"retention.ms": str(int(days) * DAY_MS)}
    config = {**{key: value for key, value in KEPT.items() if key != "retention.ms"}, **retention}
    sink = connector("sink", S3)
    resources = [topic(NAMES.dead_letter_topic, config), sink]
    (message,) = told(*(resources if first else reversed(resources)))
    assert "retention.ms" in message
    assert "before anybody has looked at them" in message
    assert told(topic("postgres.public.users", config), sink) == []
    assert told(topic(NAMES.dead_letter_topic, {**config, "retention.ms": "-1"}), sink) == []
