"""Whether a server can be captured from: judgements over what was seen of it, each with the SQL or the parameter that cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capacity.quantity import MIB, whole_mib
from checks.check import failure, fine, warning
from specification.source.external_sql import SLOTS, parameters, set_parameter

if TYPE_CHECKING:
    from checks.check import Finding
    from existing_database.facts import Database, Slot
    from existing_database.target import Target

# Major version: what is used here came with 13, which has had no fixes since November 2025
OLDEST: Final = 14

_PLUGIN: Final = "pgoutput"
_SHORT_MIB: Final = 1024
# Debezium reports every 10 s (``status.update.interval.ms``); three reports may go missing
_SHORT_MS: Final = 30_000


def _cure(seen: Database, target: Target, name: str) -> str:
    parameter = next(one for one in parameters(target.names, target.wal_keep_mib) if one.name == name)
    return set_parameter(parameter, managed=seen.server.managed)


def reached(seen: Database, target: Target) -> Finding:
    """That the login worked, over TLS whose certificate was verified."""
    server = seen.server
    where = f"{target.host}:{target.port}/{target.names.database}"
    return fine(f"{server.version}{' at AWS' if server.managed else ''}, {where}, as {server.user} by {server.tls}, certificate verified")


def version(seen: Database) -> Finding:
    """Whether it is new enough."""
    if seen.server.version_number // 10_000 < OLDEST:
        return failure(f"PostgreSQL {seen.server.version} is older than {OLDEST}", "upgrade the server")
    return fine(f"PostgreSQL {seen.server.version}")


def writable(seen: Database) -> Finding:
    """Whether it is the primary, where publications are made and heartbeats written."""
    if seen.server.standby:
        return failure(
            "this is a replica, which takes no heartbeat and no publication", "set source.external.host to the primary (writer endpoint)"
        )
    return fine("the primary")


def wal_level(seen: Database, target: Target) -> Finding:
    """Whether the log holds what logical decoding needs."""
    level = seen.server.settings["wal_level"]
    if level != "logical":
        return failure(f"wal_level is {level}", _cure(seen, target, "wal_level"))
    return fine("wal_level is logical")


def free_slots(seen: Database, target: Target) -> Finding:
    """Whether one more slot fits; the pipeline's own counts once."""
    most = int(seen.server.settings["max_replication_slots"])
    others = sum(slot.name != target.names.slot for slot in seen.server.slots)
    if others + SLOTS > most:
        return failure(f"max_replication_slots is {most} and {others} are taken by others", _cure(seen, target, "max_replication_slots"))
    return fine(f"{others} of {most} slots are taken by others")


def free_senders(seen: Database, target: Target) -> Finding:
    """Whether one more reader of the log may connect."""
    most, others = int(seen.server.settings["max_wal_senders"]), seen.server.senders
    if others + SLOTS > most:
        return failure(f"max_wal_senders is {most} and {others} are taken by others", _cure(seen, target, "max_wal_senders"))
    return fine(f"{others} of {most} senders are taken by others")


def kept_log(seen: Database, target: Target) -> Finding:
    """Whether a slot that nobody reads can fill the server's disk, or is given up too soon."""
    kept = int(seen.server.settings["max_slot_wal_keep_size"])
    if kept < 0:
        return warning(
            "max_slot_wal_keep_size is -1: a slot that nobody reads fills the disk", _cure(seen, target, "max_slot_wal_keep_size")
        )
    if kept < _SHORT_MIB:
        return warning(
            f"max_slot_wal_keep_size is {kept} MiB: a slot is lost, and a new snapshot needed, after minutes of a busy outage",
            _cure(seen, target, "max_slot_wal_keep_size"),
        )
    return fine(f"a slot may hold back {kept} MiB")


def sender_timeout(seen: Database, target: Target) -> Finding:
    """Whether a reader that has vanished is noticed, and one that is busy is not taken for one."""
    timeout_ms = int(seen.server.settings["wal_sender_timeout"])
    if timeout_ms == 0:
        found = "wal_sender_timeout is 0: a worker that vanished keeps its slot busy for hours, and its successor out"
        return warning(found, _cure(seen, target, "wal_sender_timeout"))
    if timeout_ms < _SHORT_MS:
        return warning(f"wal_sender_timeout is {timeout_ms} ms: a busy worker is cut off", _cure(seen, target, "wal_sender_timeout"))
    return fine(f"{timeout_ms // 1000} s")


def own_slot(seen: Database, target: Target) -> Finding:
    """Whether the slot's name is free, or the slot is the pipeline's own."""
    name, database = target.names.slot, target.names.database
    slot = next((slot for slot in seen.server.slots if slot.name == name), None)
    if slot is None:
        return fine(f"{name} is free; Debezium makes it")
    another = f"set another names.slot in Pulumi.{target.stack}.yaml"
    if slot.database != database or slot.plugin != _PLUGIN:
        whose = f"of database {slot.database} with {slot.plugin}" if slot.database else "a physical one"
        return failure(f"there is a slot {name}, {whose}", another)
    drop = f"SELECT pg_drop_replication_slot('{name}');"
    if slot.wal_status == "lost":
        return failure(
            f"{name} is lost: the log it needs is gone, and with it the changes since",
            f"{drop} and make a new snapshot (docs/troubleshooting.md)",
        )
    held = f"holds back {_mib(slot)} MiB of log"
    if slot.active:
        return warning(
            f"{name} is read by {slot.reader or 'somebody'} and {held}: right if that is this pipeline's own worker",
            f"look: SELECT * FROM pg_stat_replication; two cannot share one slot, so otherwise {another}",
        )
    return warning(f"{name} is there, nobody reads it, and it {held}", f"let the pipeline read it, or if it is not needed any more: {drop}")


def other_slots(seen: Database, target: Target) -> Finding:
    """Whether slots of others that nobody reads hold back log; all share the disk."""
    idle = [slot for slot in seen.server.slots if slot.name != target.names.slot and not slot.active and slot.retained > 0]
    if idle:
        told = ", ".join(f"{slot.name} ({_mib(slot)} MiB)" for slot in idle)
        return warning(
            f"slots that nobody reads hold back log: {told}", f"if not needed: SELECT pg_drop_replication_slot('{idle[0].name}');"
        )
    return fine("no other slot holds back log unread")


def _mib(slot: Slot) -> int:
    return whole_mib(slot.retained) if slot.retained > MIB // 2 else 0
