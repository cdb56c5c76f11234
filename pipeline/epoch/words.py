"""Loss by a break, in words with numbers, and the state of a history on one screen; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.epoch.facts import Server, Source, Unanswered, at
from pipeline.reading.log_position import lsn_text
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.epoch.facts import Facts
    from stack.settings.names import Names
    from stack.settings.seams import Seam


def state(names: Names, seams: tuple[Seam, ...], facts: Facts) -> list[str]:
    """Return the lines about epoch, slot, source, control topic and tables.

    Args:
        names: Names of the epoch in the stack file.
        seams: Breaks that the stack file describes.
        facts: What the parts say.
    """
    lines = [
        ("Epoch", f"{names.epoch}{_last_seam(names, seams)}"),
        ("Database", _server(facts)),
        ("Slot", f"{names.current_slot}: {_slot(facts)}"),
    ]
    lines.append(("Source", f"{names.source_connector}: {_source(facts)}"))
    if isinstance(facts.control, Unanswered):
        lines.append(("Control topic", facts.control.reason))
    else:
        lines += [
            ("Control topic", f"{topic} ends at {', '.join(map(str, ends.values()))}") for topic, ends in facts.control.items() if ends
        ]
    lines += [("Archive", line) for line in _tables(facts)]
    return [f"{name:15}{line}" for name, line in lines]


def _last_seam(names: Names, seams: tuple[Seam, ...]) -> str:
    for seam in seams:
        if seam.epoch == names.epoch:
            behind = f" behind position {seam.position}" if seam.position else ""
            return f", since {seam.cause}{behind}"
    return "" if names.epoch == 1 else ", whose break is not described"


def _server(facts: Facts) -> str:
    server = facts.server
    return server.reason if isinstance(server, Unanswered) else f"system {server.system}, written up to {lsn_text(server.end)}"


def _slot(facts: Facts) -> str:
    server = facts.server
    if not isinstance(server, Server):
        return "not known"
    slot = server.slot
    if slot is None:
        return "does not exist"
    kept = "" if slot.retained is None else f", holds back {_mib(slot.retained)} of log"
    return f"{slot.invalidation or slot.wal_status}, {'active' if slot.active else 'inactive'}{kept}"


def _source(facts: Facts) -> str:
    source = facts.source
    if not isinstance(source, Source):
        return source.reason
    read = "no position yet" if source.position is None else f"has read up to {lsn_text(source.position)}"
    of = f" of system {source.system}" if source.system else ""
    return f"{source.state or 'does not exist'}, {read}{of}{f': {source.reason}' if source.reason else ''}"


def _tables(facts: Facts) -> Iterator[str]:
    if isinstance(facts.tables, Unanswered):
        yield facts.tables.reason
    for table in facts.archived:
        if table.position is None:
            yield f"{table.name}: no row of epoch {table.epoch}"
        else:
            changed = f", last change at {at(table.changed)}" if table.changed is not None else ""
            yield f"{table.name}: up to {lsn_text(table.position)}{changed}"


def loss(names: Names, cause: str, facts: Facts) -> list[str]:
    """Return what a new epoch begins with, and what is missing before it.

    Args:
        names: Names of the present epoch.
        cause: Cause of the break.
        facts: What the parts say.
    """
    after = names.of_epoch(names.epoch + 1)
    lines = [f"Epoch {after.epoch} begins with a new slot ({after.current_slot}) and a snapshot of every row of {_count(facts)}."]
    position = "an unknown position" if facts.position is None else f"position {lsn_text(facts.position)}"
    last = "" if facts.last_change is None else f"; the last archived change was made at {facts.last_change}"
    if cause == "operator":
        lines.append(f"The source stops at {position}{last}; changes from then to the snapshot arrive as their outcome.")
    elif cause == "restored-database":
        lines += [
            "Lost: every change of the restored database up to the snapshot.",
            f"The archive keeps the abandoned history up to {position}{last}.",
        ]
    else:
        lines.append(f"Lost: changes after {position}{last}, up to the snapshot.")
        if cause == "lost-brokers":
            lines.append("Changes before it that were in Kafka and not yet in the archive are lost, too.")
    if cause != "restored-database" and facts.log_between is not None:
        lines.append(f"The database has written {_mib(facts.log_between)} of log since that position, which bounds what is lost so far.")
    return [
        *lines,
        "Their outcome is in the snapshot, as rows with the operation r.",
        "Not in the archive: an update that another one followed, and a row that was inserted and deleted in between.",
        "A row that was deleted in between leaves the current state without a row d.",
    ]


def _count(facts: Facts) -> str:
    return f"{len(facts.archived)} tables" if facts.archived else "every table"


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
