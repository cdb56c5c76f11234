"""What in brokers and topics loses rows that were acknowledged, or keeps a topic from ever being as declared."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from configs.keys import own
from configs.problems import problem
from configs.rules import AtLeast, OneOf, broken, listed, literal_credentials, number
from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_COPIES = 3
_LOST = "one broker that is away would lose it or stop it"

_BROKER_RULES = (
    AtLeast("default.replication.factor", _COPIES, 1, f"a topic made without a number would have one copy, and {_LOST}", "write 3"),
    AtLeast("min.insync.replicas", 2, 1, "a write would be acknowledged with one copy, and gone with that broker", "write 2"),
    AtLeast("offsets.topic.replication.factor", _COPIES, 3, f"it holds what every sink has read, and {_LOST}", "write 3"),
    AtLeast("transaction.state.log.replication.factor", _COPIES, 3, f"exactly once rests on it, and {_LOST}", "write 3"),
    AtLeast("transaction.state.log.min.isr", 2, 2, "a transaction's end would be acknowledged with one copy", "write 2"),
    OneOf(
        "auto.create.topics.enable",
        ("false",),
        "true",
        ("a misspelt topic would appear with default settings instead of an error"),
        ("write false"),
    ),
    OneOf(
        "unclean.leader.election.enable",
        ("false",),
        "false",
        ("a replica that lags would become the truth, and acknowledged rows would be gone"),
        ("write false"),
    ),
    OneOf("log.cleaner.enable", ("true",), "true", "compacted topics (offsets, Connect's own) would grow for ever", "remove it"),
    OneOf("delete.topic.enable", ("true",), "true", "a topic that is no longer declared could not be removed", "remove it"),
)
_TOPIC_RULES = (
    AtLeast("min.insync.replicas", 2, 1, "a write would be acknowledged with one copy, and gone with that broker", "write 2"),
    OneOf(
        "unclean.leader.election.enable",
        ("false",),
        "false",
        ("a replica that lags would become the truth, and acknowledged rows would be gone"),
        ("remove it"),
    ),
)
_CONNECT_TOPICS = re.compile(r"connect-(configs|offsets|status)")
_COMPACTED = re.compile(r"connect-(configs|offsets|status)|_schemas|__\w+")
_HISTORY = re.compile(r"schema-?changes\..*|.*\.?schema-?history.*")


def broker_problems(config: Mapping[str, str]) -> list[Problem]:
    """Everything in a broker's properties that can lose an acknowledged row, or hide a mistake.

    Args:
        config: The broker's ``server.properties``.

    Returns:
        One problem per key and rule.
    """
    problems = broken(config, _BROKER_RULES)
    if number(config, "min.insync.replicas", 1) >= number(config, "default.replication.factor", 1) > 1:
        rule, cure = "with as many copies required as there are, one broker that is away stops every write", "write 2"
        problems.append(problem(config, "min.insync.replicas", rule, cure))
    key = "log.dirs" if "log.dirs" in config else "log.dir"
    if config.get(key, "/tmp/kafka-logs").startswith("/tmp"):  # noqa: S108 - Kafka's own default, which is the problem
        problems.append(problem(config, key, "topics would lie in a folder that is emptied at a restart", "name a folder on the volume"))
    return [*problems, *literal_credentials(config)]


def topic_problems(name: str, config: Mapping[str, str], replication_factor: int = _COPIES) -> list[Problem]:
    """Everything in a topic that loses rows, keeps too few, or is reported back in another spelling for ever.

    Args:
        name: The topic's name, by which its use is told.
        config: Its configuration.
        replication_factor: Copies of each partition; -1 is the cluster's default.

    Returns:
        One problem per key and rule, about the topic.
    """
    problems = broken(config, _TOPIC_RULES)
    if replication_factor != -1 and replication_factor < _COPIES:
        problems.append(Problem(key="replication.factor", value=str(replication_factor), rule=_LOST, cure="write 3"))
    copies = _COPIES if replication_factor == -1 else replication_factor
    if number(config, "min.insync.replicas", 1) >= copies > 1:
        rule, cure = "with as many copies required as there are, one broker that is away stops every write", "write 2"
        problems.append(problem(config, "min.insync.replicas", rule, cure))
    problems += [*_cleanup(name, config), *_canonical(config)]
    return [replace(item, about=f"topic {name}") for item in problems]


def _cleanup(name: str, config: Mapping[str, str]) -> list[Problem]:
    policy = set(listed(config, "cleanup.policy")) or {"delete"}
    if _HISTORY.fullmatch(name):
        return [Problem(rule="is not used: the PostgreSQL connector keeps no schema history", cure="remove the topic")]
    if _CONNECT_TOPICS.fullmatch(name) and policy != {"compact"}:
        return [problem(config, "cleanup.policy", "Connect's own topics must keep the last value of each key", "write compact")]
    if not _COMPACTED.fullmatch(name) and "compact" in policy:
        rule, cure = "earlier changes of the same row would be thrown away before a sink has read them", "write delete"
        return [problem(config, "cleanup.policy", rule, cure)]
    return []


def _canonical(config: Mapping[str, str]) -> list[Problem]:
    """Brokers report values back in one spelling; in another, the topic would be changed at every run."""
    problems = []
    for key, value in config.items():
        entry = own("topic").get(key)
        written = value
        if entry is not None and entry.type in {"int", "long"} and re.fullmatch(r"\s*[+-]?\d+\s*", value):
            written = str(int(value))
        elif entry is not None and entry.type == "boolean":
            written = value.strip().lower()
        elif entry is not None and entry.type == "list":
            written = ",".join(listed(config, key))
        if written != value:
            problems.append(
                problem(config, key, f"the broker reports it as {written!r}, so it would be changed at every run", "write that")
            )
    return problems
