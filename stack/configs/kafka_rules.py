"""Rules for brokers and topics: settings that lose acknowledged rows, or that keep a topic from ever matching its declaration."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stack.configs.keys import own
from stack.configs.problems import problem
from stack.configs.rules import AtLeast, OneOf, broken, listed, literal_credentials, number
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_COPIES = 3
_LOST = "with fewer copies one lost broker loses or blocks it"

_BROKER_RULES = (
    AtLeast("default.replication.factor", _COPIES, 1, f"it applies to every topic created without a number; {_LOST}", "set 3"),
    AtLeast("min.insync.replicas", 2, 1, "a write is acknowledged with one copy, and lost with that broker", "set 2"),
    AtLeast("offsets.topic.replication.factor", _COPIES, 3, f"this topic stores the read positions of all sinks; {_LOST}", "set 3"),
    AtLeast("transaction.state.log.replication.factor", _COPIES, 3, f"exactly-once delivery depends on this topic; {_LOST}", "set 3"),
    AtLeast("transaction.state.log.min.isr", 2, 2, "the end of a transaction is acknowledged with one copy", "set 2"),
    OneOf(
        "auto.create.topics.enable",
        ("false",),
        "true",
        ("a misspelt topic name creates a topic with default settings instead of an error"),
        ("set false"),
    ),
    OneOf(
        "unclean.leader.election.enable",
        ("false",),
        "false",
        ("a lagging replica could become leader and lose acknowledged rows"),
        ("set false"),
    ),
    OneOf("log.cleaner.enable", ("true",), "true", "compacted topics (offsets, Connect's own) grow without limit", "remove it"),
    OneOf("delete.topic.enable", ("true",), "true", "a topic that is no longer declared cannot be deleted", "remove it"),
)
_TOPIC_RULES = (
    AtLeast("min.insync.replicas", 2, 1, "a write is acknowledged with one copy, and lost with that broker", "set 2"),
    OneOf(
        "unclean.leader.election.enable",
        ("false",),
        "false",
        ("a lagging replica could become leader and lose acknowledged rows"),
        ("remove it"),
    ),
)
# Rules of a topic whose rows a connector of this program has to read before they are deleted.
_KEPT_RULES = (
    AtLeast(
        "retention.ms",
        3_600_000,
        604_800_000,
        "rows are deleted before a sink that restarts has read them",
        "set 86400000",
        or_default=True,
    ),
    AtLeast(
        "retention.bytes", 1_048_576, -1, "rows are deleted before a sink that restarts has read them", "set 50331648", or_default=True
    ),
)
_DEAD_LETTER_RULES = (
    AtLeast(
        "retention.ms",
        30 * 86_400_000,
        604_800_000,
        "dead letters, which exist nowhere else, are deleted before anybody has looked at them",
        "set 3196800000: 30 days, and the 7 that a record can have waited before",
        or_default=True,
    ),
)
_CONNECT_TOPICS = re.compile(r"connect-(configs|offsets|status)")
_COMPACTED = re.compile(r"connect-(configs|offsets|status)|_schemas|__\w+")
# Folders that a restart of the pod empties.
_EMPTIED = ("/tmp", "/var/tmp", "/dev", "/run", "/var/run", "/proc", "/sys")  # noqa: S108 - the wrong folders
_HISTORY = re.compile(r"schema-?changes\..*|.*\.?schema-?history.*")


def broker_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check a broker's properties for settings that can lose an acknowledged row, or hide a mistake.

    Args:
        config: The broker's ``server.properties``.

    Returns:
        One problem per key and rule.
    """
    problems = broken(config, _BROKER_RULES)
    if number(config, "min.insync.replicas", 1) >= number(config, "default.replication.factor", 1) > 1:
        rule, cure = "it requires all copies to be in sync, so one lost broker stops every write", "set 2"
        problems.append(problem(config, "min.insync.replicas", rule, cure))
    if number(config, "transaction.state.log.min.isr", 2) >= number(config, "transaction.state.log.replication.factor", _COPIES) > 1:
        rule, cure = "it requires all copies to be in sync, so one lost broker stops every transaction of a source", "set 2"
        problems.append(problem(config, "transaction.state.log.min.isr", rule, cure))
    key = "log.dirs" if "log.dirs" in config else "log.dir"
    folders = {key: listed(config, key) or ["/tmp/kafka-logs"], "metadata.log.dir": listed(config, "metadata.log.dir")}  # noqa: S108 - Kafka's default
    for name, paths in folders.items():
        if any(_is_emptied(path) for path in paths):
            rule = f"{'topics are' if name == key else 'the state of the cluster is'} stored in a folder that is emptied at a restart"
            problems.append(problem(config, name, rule, "set a folder on the volume"))
    return [*problems, *literal_credentials(config)]


def _is_emptied(path: str) -> bool:
    """Return whether a folder is in the pod's memory or in a folder for temporary files."""
    folder = posixpath.normpath(f"/{path.strip()}").replace("//", "/")
    return any(folder == each or folder.startswith(f"{each}/") for each in _EMPTIED)


def topic_problems(name: str, config: Mapping[str, str], replication_factor: int = _COPIES, *, is_foreign: bool = False) -> list[Problem]:
    """Check a topic for settings that lose rows, retain too few, or never match the spelling in which the broker reports them.

    Args:
        name: Topic name, which identifies Connect's own topics and schema histories.
        config: Topic configuration.
        replication_factor: Copies of each partition; -1 for the cluster's default.
        is_foreign: Whether no connector of this program writes or reads the topic.

    Returns:
        One problem per key and rule, with the topic as its subject.
    """
    problems = broken(config, _TOPIC_RULES)
    if replication_factor != -1 and replication_factor < _COPIES:
        problems.append(Problem(key="replication.factor", value=str(replication_factor), rule=_LOST, cure="set 3"))
    copies = _COPIES if replication_factor == -1 else replication_factor
    if number(config, "min.insync.replicas", 1) >= copies > 1:
        rule, cure = "it requires all copies to be in sync, so one lost broker stops every write", "set 2"
        problems.append(problem(config, "min.insync.replicas", rule, cure))
    if not is_foreign and "delete" in (listed(config, "cleanup.policy") or ["delete"]):
        problems += broken(config, _KEPT_RULES)
    problems += [*_cleanup(name, config, is_foreign=is_foreign), *_canonical(config)]
    return [replace(item, about=f"topic {name}") for item in problems]


def dead_letter_problems(name: str, config: Mapping[str, str]) -> list[Problem]:
    """Check a topic in which a sink sets records aside; arguments as for ``topic_problems``."""
    return [replace(item, about=f"topic {name}") for item in broken(config, _DEAD_LETTER_RULES)]


def _cleanup(name: str, config: Mapping[str, str], *, is_foreign: bool) -> list[Problem]:
    policy = set(listed(config, "cleanup.policy")) or {"delete"}
    if _HISTORY.fullmatch(name):
        return [Problem(rule="is unused: the PostgreSQL connector keeps no schema history", cure="remove the topic")]
    if _CONNECT_TOPICS.fullmatch(name) and policy != {"compact"}:
        return [problem(config, "cleanup.policy", "Connect's own topics must retain the last value of each key", "set compact")]
    if not is_foreign and not _COMPACTED.fullmatch(name) and "compact" in policy:
        rule, cure = "compaction can delete earlier changes of a row before a sink has read them", "set delete"
        return [problem(config, "cleanup.policy", rule, cure)]
    return []


def _canonical(config: Mapping[str, str]) -> list[Problem]:
    """Check for values in a spelling that brokers do not report: they would change the topic in every run."""
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
                problem(config, key, f"the broker reports it as {written!r}, so every run would change it again", "use that spelling")
            )
    return problems
