"""Rules for the Debezium source: settings that lose or shorten rows while every task is RUNNING.

Figures and behaviour were observed on Debezium 3.6 and 3.7 and Kafka Connect 4.3, or read in their sources.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.chain_rules import chain_problems
from stack.configs.classes import EXACT_VALUES, UNWRAP
from stack.configs.client_rules import client_problems
from stack.configs.operation_rules import operation_problems
from stack.configs.problems import problem
from stack.configs.rules import AtLeast, OneOf, broken, listed, literal_credentials, null_replacing, number, transforms
from stack.configs.session import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem


# Snapshot modes that never skip a gap in the changes silently.
SAFE_SNAPSHOTS = ("initial", "no_data")

_SLOT = re.compile(r"[a-z0-9_]{1,63}")
_PREFIX = re.compile(r"[A-Za-z_]\w*")
# Debezium's defaults of max.batch.size and max.queue.size.
_BATCH, _QUEUE = 2048, 8192
# Statement that drops slots which nothing reads; every other one could change the captured database.
_DROPS = re.compile(
    r"SELECT pg_drop_replication_slot\(slot_name\) FROM pg_replication_slots "
    r"WHERE slot_name IN \((?P<slots>'\w+'(?:, '\w+')*)\) AND NOT active"
)
_SKIPPED = "the task continues, the offset is committed and the row is lost"

_RULES = (
    OneOf(
        "errors.tolerance",
        ("none",),
        "none",
        (f"a source has no dead-letter queue: when the registry or a transform refuses a row, {_SKIPPED}"),
        ("set none"),
    ),
    OneOf(
        "exactly.once.support",
        ("required",),
        "requested",
        ("a worker without exactly-once support would silently write rows twice after a crash"),
        ("set required"),
    ),
    OneOf(
        "transaction.boundary",
        ("poll", "interval"),
        "poll",
        ("Debezium does not define transaction boundaries for Connect, so the connector would be refused at its start"),
        ("set poll"),
    ),
    OneOf(
        "offset.mismatch.strategy",
        ("no_validation", "trust_offset"),
        "no_validation",
        ("a lost slot would be recreated and the gap skipped without an error"),
        ("remove it"),
    ),
    OneOf(
        "lsn.flush.mode",
        ("connector",),
        "connector",
        ("the slot would advance past the stored offset, or not at all: the next start fails, or the volume fills up"),
        ("remove it and use heartbeat.action.query"),
    ),
    OneOf(
        "snapshot.mode",
        SAFE_SNAPSHOTS,
        "initial",
        ("always and when_needed start full snapshots by themselves and miss rows deleted meanwhile, initial_only stops afterwards"),
        ("set initial, or no_data to leave out the existing rows"),
    ),
    OneOf(
        "publication.autocreate.mode",
        ("disabled",),
        "all_tables",
        ("Debezium would create its own publication, which its role may not, or one of all tables"),
        ("set disabled"),
    ),
    OneOf(
        "slot.drop.on.stop",
        ("false",),
        "false",
        ("a restart would drop the slot and lose every change until the next start"),
        ("set false"),
    ),
    OneOf(
        "database.sslmode",
        ("verify-full", "verify-ca"),
        "prefer",
        ("the server certificate would not be verified, and prefer falls back to plain text"),
        ("set verify-full"),
    ),
    OneOf("plugin.name", ("pgoutput",), "decoderbufs", "only pgoutput is part of PostgreSQL itself", "set pgoutput"),
    OneOf("tasks.max", ("1",), "1", "a slot has one reader, so further tasks would stay idle", "set 1"),
    OneOf(
        "event.processing.failure.handling.mode",
        ("fail",),
        "fail",
        (f"after an event that Debezium cannot read, {_SKIPPED}"),
        ("set fail"),
    ),
    OneOf(
        "event.converting.failure.handling.mode",
        ("fail",),
        "warn",
        ("where Debezium cannot convert a value, NULL would be archived in its place"),
        ("set fail"),
    ),
    OneOf("decimal.handling.mode", ("precise", "string"), "precise", "double rounds amounts", "set precise"),
    OneOf("errors.log.include.messages", ("false",), "false", "rows would be written to the log", "set false"),
    OneOf("producer.override.acks", ("all", "-1"), "all", "a failing broker could lose acknowledged rows", "remove it, Connect uses all"),
    OneOf(
        "producer.override.enable.idempotence",
        ("true",),
        "true",
        ("exactly-once delivery needs the idempotent producer"),
        ("remove it"),
    ),
    AtLeast(
        "heartbeat.interval.ms",
        1,
        0,
        ("without heartbeats the slot retains the write-ahead log of all tables that are not captured, until the volume is full"),
        ("set 10000"),
    ),
)
_DELETES = OneOf(
    "delete.tombstone.handling.mode",
    ("rewrite", "rewrite-with-tombstone"),
    "tombstone",
    ("a deleted row would arrive without its values, and the archive would never show the delete"),
    ("set rewrite"),
)


def source_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check a Debezium PostgreSQL connector's configuration for settings that can silently lose a row.

    Args:
        config: The connector's configuration.

    Returns:
        One problem per key and rule.
    """
    return [
        *broken(config, _RULES),
        *_needed(config),
        *_queued(config),
        *_stated(config),
        *_spelled(config),
        *operation_problems(config),
        *_named(config),
        *_unwrapped(config),
        *chain_problems(config),
        *client_problems(config, groups=("signal.consumer.",), producers=("producer.override.",)),
        *literal_credentials(config),
    ]


def _needed(config: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not config.get("heartbeat.action.query"):
        rule, cure = (
            ("a heartbeat that writes nothing to the database does not advance the slot of a quiet table"),
            ("update a row of a published table"),
        )
        problems.append(problem(config, "heartbeat.action.query", rule, cure))
    if not config.get("table.include.list"):
        problems.append(problem(config, "table.include.list", "every table of the database would be captured", "list the tables"))
    return problems


def _queued(config: Mapping[str, str]) -> list[Problem]:
    """Check what the connector refuses only at its start, and notifications that would go to a topic."""
    problems = []
    batch, queue = number(config, "max.batch.size", _BATCH), number(config, "max.queue.size", _QUEUE)
    if batch < 1:
        rule = "a batch must hold a change or more, or the connector does not start"
        problems.append(problem(config, "max.batch.size", rule, "set max.batch.size to 1 or more"))
    elif queue <= batch:
        key = "max.queue.size" if "max.queue.size" in config else "max.batch.size"
        rule = f"the queue ({queue}) must hold more than one batch ({batch}), or the connector does not start"
        problems.append(problem(config, key, rule, f"set max.queue.size to {2 * batch} or more, or max.batch.size below {queue}"))
    if not set(listed(config, "notification.enabled.channels")) <= {"log", "jmx"}:
        rule, cure = "notifications would be written to a topic that is not declared", "set log, jmx or both"
        problems.append(problem(config, "notification.enabled.channels", rule, cure))
    return problems


def _stated(config: Mapping[str, str]) -> list[Problem]:
    """Check the statements of each new connection: they may drop former slots, and nothing else."""
    key = "database.initial.statements"
    text = config.get(key, "").strip()
    drops = _DROPS.fullmatch(text)
    if text and drops is None:
        return [problem(config, key, "is not known to be harmless: it runs statements in the captured database", "remove it")]
    if drops and f"'{config.get('slot.name', 'debezium')}'" in drops["slots"]:
        return [problem(config, key, "a new connection would drop the connector's own slot, with every change in it", "remove it")]
    return []


def _spelled(config: Mapping[str, str]) -> list[Problem]:
    """Check that values reach the image's converter as the server writes them; a connector without it has its own forms."""
    if EXACT_VALUES not in config.values():
        return []
    rule = "values of some types would arrive as NULL or in another spelling than the archive's"
    return [problem(config, key, rule, f"set {wanted}") for key, wanted in SOURCE.items() if config.get(key, "").strip() != wanted]


def _named(config: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not _SLOT.fullmatch(config.get("slot.name", "debezium")):
        rule, cure = "PostgreSQL accepts 1 to 63 lower-case letters, digits and underscores", "choose such a name"
        problems.append(problem(config, "slot.name", rule, cure))
    plain = config.get("schema.name.adjustment.mode", "none") == "none"
    if plain and not _PREFIX.fullmatch(config.get("topic.prefix", "")):
        rule, cure = (
            "the prefix becomes part of Avro names: letters, digits and underscores, not starting with a digit",
            "choose such a name",
        )
        problems.append(problem(config, "topic.prefix", rule, cure))
    return problems


def _unwrapped(config: Mapping[str, str]) -> list[Problem]:
    prefixes = [prefix for prefix, name in transforms(config) if name == UNWRAP]
    if not prefixes:
        return [
            problem(config, "transforms", "rows would arrive inside an envelope, for which the archive has no columns", f"add {UNWRAP}")
        ]
    deletes = [OneOf(f"{prefix}{_DELETES.key}", _DELETES.accepted, _DELETES.absent, _DELETES.rule, _DELETES.cure) for prefix in prefixes]
    return [*broken(config, deletes), *null_replacing(config)]
