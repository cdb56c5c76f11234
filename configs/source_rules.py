"""What makes a Debezium source lose rows, or say less than happened, while every state is RUNNING.

Figures and behaviour were observed on Debezium 3.6.3 and Kafka Connect 4.3, or read in their sources.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from configs.problems import problem
from configs.rules import AtLeast, OneOf, broken, listed, literal_credentials, null_replacing, transforms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from problem import Problem

# The transform that makes a flat row of a change.
UNWRAP = "io.debezium.transforms.ExtractNewRecordState"

# Snapshot modes under which a gap in the changes is never bridged in silence.
SAFE_SNAPSHOTS = ("initial", "no_data")

_SLOT = re.compile(r"[a-z0-9_]{1,63}")
_PREFIX = re.compile(r"[A-Za-z_]\w*")
_SKIPPED = "the task goes on, the offset is committed and the row is nowhere"

_RULES = (
    OneOf(
        "errors.tolerance",
        ("none",),
        "none",
        (f"a source has no dead-letter queue: when the registry or a transform refuses a row, {_SKIPPED}"),
        ("write none"),
    ),
    OneOf(
        "exactly.once.support",
        ("required",),
        "requested",
        ("without it a worker that cannot write exactly once writes twice after a crash and says nothing"),
        ("write required"),
    ),
    OneOf(
        "transaction.boundary",
        ("poll", "interval"),
        "poll",
        ("Debezium does not mark transactions for Connect, so the connector would be refused at its start"),
        ("write poll"),
    ),
    OneOf(
        "offset.mismatch.strategy",
        ("no_validation", "trust_offset"),
        "no_validation",
        ("a slot that was lost would be made anew and the gap skipped without an error"),
        ("remove it"),
    ),
    OneOf(
        "lsn.flush.mode",
        ("connector",),
        "connector",
        ("the slot would move ahead of the stored offset, or not at all: the next start fails, or the volume fills"),
        ("remove it and use heartbeat.action.query"),
    ),
    OneOf(
        "snapshot.mode",
        SAFE_SNAPSHOTS,
        "initial",
        ("always and when_needed read all rows again by themselves and miss what was deleted meanwhile, initial_only stops afterwards"),
        ("write initial, or no_data to leave out the rows that exist already"),
    ),
    OneOf(
        "publication.autocreate.mode",
        ("disabled",),
        "all_tables",
        ("Debezium would make a publication by itself, which its role may not, or one of all tables"),
        ("write disabled"),
    ),
    OneOf(
        "slot.drop.on.stop",
        ("false",),
        "false",
        ("a restart would drop the slot, and every change until the next start would be lost"),
        ("write false"),
    ),
    OneOf(
        "database.sslmode",
        ("verify-full", "verify-ca"),
        "prefer",
        ("the server would not be verified, and prefer falls back to plain text"),
        ("write verify-full"),
    ),
    OneOf("plugin.name", ("pgoutput",), "decoderbufs", "only pgoutput is part of PostgreSQL itself", "write pgoutput"),
    OneOf("tasks.max", ("1",), "1", "one slot has one reader, more tasks would stay idle", "write 1"),
    OneOf(
        "event.processing.failure.handling.mode",
        ("fail",),
        "fail",
        (f"on an event that it cannot read, {_SKIPPED}"),
        ("write fail"),
    ),
    OneOf("decimal.handling.mode", ("precise", "string"), "precise", "double rounds amounts", "write precise"),
    OneOf("errors.log.include.messages", ("false",), "false", "rows would be written to the log", "write false"),
    OneOf("producer.override.acks", ("all", "-1"), "all", "a broker that dies would take rows with it", "remove it, Connect uses all"),
    OneOf(
        "producer.override.enable.idempotence",
        ("true",),
        "true",
        ("writing exactly once needs the idempotent producer"),
        ("remove it"),
    ),
    AtLeast(
        "heartbeat.interval.ms",
        1,
        0,
        ("without heartbeats the slot keeps the write-ahead log of every table that is not captured until the volume is full"),
        ("write 10000"),
    ),
)
_DELETES = OneOf(
    "delete.tombstone.handling.mode",
    ("rewrite", "rewrite-with-tombstone"),
    "tombstone",
    ("a deleted row would arrive without its values, and the archive would never show it"),
    ("write rewrite"),
)


def source_problems(config: Mapping[str, str]) -> list[Problem]:
    """Everything in a Debezium PostgreSQL connector's configuration that can lose a row in silence.

    Args:
        config: The connector's configuration.

    Returns:
        One problem per key and rule.
    """
    return [*broken(config, _RULES), *_needed(config), *_named(config), *_unwrapped(config), *literal_credentials(config)]


def _needed(config: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not config.get("heartbeat.action.query"):
        rule, cure = (
            ("a heartbeat that writes nothing to the database does not move the slot of a quiet table"),
            ("update a row of a published table"),
        )
        problems.append(problem(config, "heartbeat.action.query", rule, cure))
    if not config.get("table.include.list"):
        problems.append(problem(config, "table.include.list", "every table of the database would be captured", "list the tables"))
    dropped = sorted({"c", "u", "d"} & set(listed(config, "skipped.operations")))
    if dropped:
        rule, cure = "inserts (c), updates (u) or deletes (d) would be left out", f"take {', '.join(dropped)} off the list"
        problems.append(problem(config, "skipped.operations", rule, cure))
    return problems


def _named(config: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not _SLOT.fullmatch(config.get("slot.name", "debezium")):
        rule, cure = "PostgreSQL takes 1 to 63 lower-case letters, digits and underscores", "choose such a name"
        problems.append(problem(config, "slot.name", rule, cure))
    plain = config.get("schema.name.adjustment.mode", "none") == "none"
    if plain and not _PREFIX.fullmatch(config.get("topic.prefix", "")):
        rule, cure = "becomes part of Avro names: letters, digits and underscores, no digit first", "choose such a name"
        problems.append(problem(config, "topic.prefix", rule, cure))
    return problems


def _unwrapped(config: Mapping[str, str]) -> list[Problem]:
    prefixes = [prefix for prefix, name in transforms(config) if name == UNWRAP]
    if not prefixes:
        return [problem(config, "transforms", "rows would arrive inside an envelope that the archive has no columns for", f"add {UNWRAP}")]
    deletes = [OneOf(f"{prefix}{_DELETES.key}", _DELETES.accepted, _DELETES.absent, _DELETES.rule, _DELETES.cure) for prefix in prefixes]
    return [*broken(config, deletes), *null_replacing(config)]
