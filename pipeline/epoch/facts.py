"""Facts about the history of a running stack: slot, source, control topic and archived tables at one moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stack.configs.secrecy import told
from stack.settings.names import CONTROL_TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping

# Class of the source's refusal to read a database that went back in time.
_WENT_BACK = "DatabaseWentBackException"
# Debezium's words where the slot keeps the log from behind the stored position only
_LOG_GONE = "no longer available on the server"
# Class of the source's refusal to read a slot that has left out changes after the stored position
_ADVANCED = "SlotAdvancedException"
# Keys of a stored offset that hold a place in the write-ahead log; the furthest is how far the source has come.
_PLACES = ("lsn", "lsn_proc", "lsn_commit")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A part of the stack that did not answer.

    Attributes:
        reason: Reason, with the part.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Replication slot as the server shows it.

    Attributes:
        active: Whether a connection reads it.
        wal_status: Word of the server for the log that it needs: ``reserved``, ``extended``, ``unreserved`` or ``lost``.
        invalidation: Reason of an invalidation, from version 17 on; empty without one.
        restart: Place from which it keeps the log; None if it keeps none.
        confirmed: Place up to which it sends no transaction any more; None if it keeps no log.
        retained: Bytes of log since that place.
        safe: Bytes that can still be written before log that it needs may be removed; None without a bound, or once it is lost.
        inactive_s: Seconds since nobody reads it, from version 17 on; None while it is read.
    """

    active: bool
    wal_status: str
    invalidation: str
    restart: int | None
    retained: int | None
    safe: int | None = None
    inactive_s: float | None = None
    confirmed: int | None = None

    @property
    def is_lost(self) -> bool:
        """True if nothing can be read from it any more."""
        return self.wal_status == "lost" or bool(self.invalidation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Database server.

    Attributes:
        system: System identifier.
        end: End of its write-ahead log.
        slot: Slot of the epoch, None if there is none.
    """

    system: str
    end: int
    slot: Slot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Source connector of the epoch.

    Attributes:
        state: One word for connector and tasks; None without such a connector.
        reason: First line of a failed task's reason, else empty.
        went_back: Whether that reason is that the database is older than the position, or another one.
        log_gone: Whether that reason is that the slot does not give the log after the position.
        position: Furthest place in the log that it has stored; None before the first.
        system: System identifier of the server to which the place belongs; empty if it is not known.
        read: Time in the database of the last event before the stored place, heartbeats included, in milliseconds since 1970.
        snapshot: Whether it reads the first snapshot, during which place and time stand still.
    """

    state: str | None
    reason: str = ""
    went_back: bool = False
    log_gone: bool = False
    position: int | None = None
    system: str = ""
    read: int | None = None
    snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """Archived table.

    Attributes:
        name: Qualified name of the captured table.
        epoch: Epoch that the table names.
        position: Furthest archived place in the log in that epoch; None without a row.
        changed: Time of the last archived change, in milliseconds since 1970.
        control: Position in the control topic that its snapshots hold, by partition.
        topic: Name of that topic.
    """

    name: str
    epoch: int
    position: int | None
    changed: int | None
    control: Mapping[int, int]
    topic: str = CONTROL_TOPIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Answers of the parts.

    Attributes:
        source: The source connector.
        control: End of each sink's control topic, by its name and partition; nothing in the format ``parquet``, which has none.
        tables: Archived tables; none in the format ``parquet``, which no catalog knows.
        server: The database.
    """

    source: Source | Unanswered
    control: Mapping[str, Mapping[int, int]] | Unanswered
    tables: tuple[TableState, ...] | Unanswered
    server: Server | Unanswered

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Reasons of the parts that did not answer."""
        return tuple(part.reason for part in (self.source, self.control, self.tables, self.server) if isinstance(part, Unanswered))

    @property
    def archived(self) -> tuple[TableState, ...]:
        """Archived tables, none if they cannot be read."""
        return () if isinstance(self.tables, Unanswered) else self.tables

    @property
    def position(self) -> int | None:
        """Place up to which the history was read: as the source stored it, else the furthest archived one."""
        if isinstance(self.source, Source) and self.source.position is not None:
            return self.source.position
        return max((one.position for one in self.archived if one.position is not None), default=None)

    @property
    def system(self) -> str:
        """System identifier of the server that the position belongs to; empty if it is not known."""
        return self.source.system if isinstance(self.source, Source) else ""

    @property
    def last_change(self) -> str | None:
        """Time of the last archived change, ISO 8601."""
        latest = max((one.changed for one in self.archived if one.changed is not None), default=None)
        return None if latest is None else at(latest)

    @property
    def log_between(self) -> int | None:
        """Bytes of write-ahead log from the position to the end of the same server's log."""
        if isinstance(self.server, Unanswered) or self.position is None or self.system not in ("", self.server.system):
            return None
        return max(0, self.server.end - self.position)


def source(state: str | None, reason: str, stored: Mapping[str, Any] | None) -> Source:
    """Return the source connector, with the position in a stored offset.

    Args:
        state: One word for connector and tasks.
        reason: Reason of a failed task.
        stored: Stored offset.
    """
    offset = stored or {}
    places = [value for key in _PLACES if isinstance(value := offset.get(key), int) and value > 0]
    first, read = reason.strip().splitlines()[:1], offset.get("ts_usec")
    return Source(
        state=state,
        reason=told(first[0]) if first else "",
        went_back=_WENT_BACK in reason,
        log_gone=_LOG_GONE in reason or _ADVANCED in reason,
        position=max(places, default=None),
        system=str(offset.get("system_identifier", "")),
        read=read // 1000 if isinstance(read, int) else None,
        snapshot=bool(offset.get("snapshot")),
    )


def at(milliseconds: int) -> str:
    """Return a time in ISO 8601, UTC, from milliseconds since 1970."""
    return dt.datetime.fromtimestamp(milliseconds // 1000, dt.UTC).isoformat()
