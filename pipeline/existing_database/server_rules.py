"""Judgements of an existing server, each with the SQL or the parameter that cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, warning
from pipeline.existing_database.connection import ITSELF
from stack.capacity.quantity import MIB, whole_mib
from stack.specification.source.server_parameters import IDLE_SLOT_S, SLOTS, parameters, set_parameter

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.existing_database.facts import Database, Slot
    from pipeline.existing_database.target import Target

# Major version: the features used here came with 13, which has had no fixes since November 2025
OLDEST: Final = 14

_PLUGIN: Final = "pgoutput"
_SHORT_MIB: Final = 1024
# Debezium reports every 10 s (``status.update.interval.ms``); three reports may go missing
_SHORT_MS: Final = 30_000


def _cure(seen: Database, target: Target, name: str) -> str:
    parameter = next(one for one in parameters(target.names, target.wal_keep_mib) if one.name == name)
    return set_parameter(parameter, managed=seen.server.managed)


def reached(seen: Database, target: Target) -> Finding:
    """Report the login over verified TLS."""
    server = seen.server
    where = f"{target.host}:{target.port}/{target.names.database}"
    if server.proxied:
        return warning(
            f"{where}: a proxy answers in the place of the server, as {server.user}; logical replication needs the server itself", ITSELF
        )
    return fine(f"{server.version}{' at AWS' if server.managed else ''}, {where}, as {server.user} by {server.tls}, certificate verified")


def version(seen: Database) -> Finding:
    """Check whether the server is new enough."""
    if seen.server.version_number // 10_000 < OLDEST:
        return failure(f"PostgreSQL {seen.server.version} is older than {OLDEST}", "upgrade the server")
    return fine(f"PostgreSQL {seen.server.version}")


def writable(seen: Database) -> Finding:
    """Check whether the server is the primary, which accepts publications and heartbeats."""
    if seen.server.standby:
        return failure(
            "the server is a replica, which accepts no heartbeat and no publication",
            "set source.external.host to the primary (writer endpoint)",
        )
    return fine("the primary")


def wal_level(seen: Database, target: Target) -> Finding:
    """Check whether the log supports logical decoding."""
    level = seen.server.settings["wal_level"]
    if level != "logical":
        return failure(f"wal_level is {level}", _cure(seen, target, "wal_level"))
    return fine("wal_level is logical")


def free_slots(seen: Database, target: Target) -> Finding:
    """Check whether a slot is free for the pipeline; its own existing slot counts as free."""
    most = int(seen.server.settings["max_replication_slots"])
    others = sum(slot.name != target.names.current_slot for slot in seen.server.slots)
    if others + SLOTS > most:
        return failure(f"max_replication_slots is {most} and others use {others}", _cure(seen, target, "max_replication_slots"))
    return fine(f"others use {others} of {most} slots")


def free_senders(seen: Database, target: Target) -> Finding:
    """Check whether one more reader of the log may connect."""
    most, others = int(seen.server.settings["max_wal_senders"]), seen.server.senders
    if others + SLOTS > most:
        return failure(f"max_wal_senders is {most} and others use {others}", _cure(seen, target, "max_wal_senders"))
    return fine(f"others use {others} of {most} senders")


def kept_log(seen: Database, target: Target) -> Finding:
    """Check whether an unread slot could fill the server's disk, or be dropped too soon."""
    kept = int(seen.server.settings["max_slot_wal_keep_size"])
    if kept < 0:
        return warning("max_slot_wal_keep_size is -1: an unread slot fills the disk", _cure(seen, target, "max_slot_wal_keep_size"))
    if kept < _SHORT_MIB:
        return warning(
            f"max_slot_wal_keep_size is {kept} MiB: minutes of an outage under load lose the slot, and a new snapshot is needed",
            _cure(seen, target, "max_slot_wal_keep_size"),
        )
    return fine(f"a slot may retain {kept} MiB")


def sender_timeout(seen: Database, target: Target) -> Finding:
    """Check whether the server notices a vanished reader without mistaking a busy one for it."""
    timeout_ms = int(seen.server.settings["wal_sender_timeout"])
    if timeout_ms == 0:
        problem = "wal_sender_timeout is 0: a vanished worker occupies its slot for hours and blocks its successor"
        return warning(problem, _cure(seen, target, "wal_sender_timeout"))
    if timeout_ms < _SHORT_MS:
        return warning(
            f"wal_sender_timeout is {timeout_ms} ms: the server disconnects a busy worker", _cure(seen, target, "wal_sender_timeout")
        )
    return fine(f"{timeout_ms // 1000} s")


def idle_slots(seen: Database, target: Target) -> Finding:
    """Check whether the server invalidates a slot that nobody reads for a while, as it can since PostgreSQL 18."""
    seconds = int(seen.server.settings.get("idle_replication_slot_timeout", "0"))
    if 0 < seconds < IDLE_SLOT_S:
        return warning(
            f"idle_replication_slot_timeout is {seconds} s: a longer outage of the pipeline loses the slot, and the changes since",
            _cure(seen, target, "idle_replication_slot_timeout"),
        )
    return fine(f"the server keeps an unread slot for {seconds} s" if seconds else "the server keeps an unread slot for any time")


def own_slot(seen: Database, target: Target) -> Finding:
    """Check whether the slot's name is free, or the slot is the pipeline's own."""
    name, database = target.names.current_slot, target.names.database
    slot = next((slot for slot in seen.server.slots if slot.name == name), None)
    if slot is None:
        return fine(f"{name} is free; Debezium creates it")
    another = f"set another names.slot in Pulumi.{target.stack}.yaml"
    if slot.database != database or slot.plugin != _PLUGIN:
        kind = f"for database {slot.database} with {slot.plugin}" if slot.database else "as a physical slot"
        return failure(f"the slot {name} exists {kind}", another)
    drop = f"SELECT pg_drop_replication_slot('{name}');"
    if slot.wal_status == "lost":
        return failure(
            f"{name} is lost: the server has removed the log it needs, and with it the changes since",
            f".venv/bin/python -m pipeline epoch begin --stack {target.stack}; if no pipeline reads it: {drop}",
        )
    retained = f"retains {_mib(slot)} MiB of log"
    if slot.active:
        return warning(
            f"{slot.reader or 'a client'} reads {name}, which {retained}: correct if that is this pipeline's own worker",
            f"check: SELECT * FROM pg_stat_replication; two readers cannot share a slot, so otherwise {another}",
        )
    return warning(f"{name} exists, has no reader and {retained}", f"let the pipeline read it, or if it is no longer needed: {drop}")


def other_slots(seen: Database, target: Target) -> Finding:
    """Check whether unread slots of others retain log; all share the disk."""
    idle = [slot for slot in seen.server.slots if slot.name != target.names.current_slot and not slot.active and slot.retained > 0]
    if idle:
        slots = ", ".join(f"{slot.name} ({_mib(slot)} MiB)" for slot in idle)
        return warning(f"unread slots retain log: {slots}", f"if not needed: SELECT pg_drop_replication_slot('{idle[0].name}');")
    return fine("no other unread slot retains log")


def _mib(slot: Slot) -> int:
    return whole_mib(slot.retained) if slot.retained > MIB // 2 else 0
