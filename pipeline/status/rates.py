"""Rates between two looks: what the database writes, what the source reads, what Kafka gains, what is archived; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.status.facts import Archived, Brokers, Database, Worker

if TYPE_CHECKING:
    from pipeline.status.facts import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Rates per second; None for one that was not measured, or that would be negative because the count began anew.

    Attributes:
        written: Bytes of log that the database writes.
        read: Bytes of log that the source reads.
        changes: Offsets that the change topics gain, marks of transactions included.
        archived: Rows that the archived tables gain; None for an archive without a catalog.
    """

    written: float | None = None
    read: float | None = None
    changes: float | None = None
    archived: float | None = None


UNMEASURED: Final = Rates()
"""Rates after one look only."""


def rates(before: Snapshot, now: Snapshot) -> Rates:
    """Return the rates between two looks at one stack."""
    seconds = now.taken - before.taken
    if seconds <= 0 or before.epoch != now.epoch:
        return UNMEASURED
    return Rates(
        written=_rate(_log_end(before), _log_end(now), seconds),
        read=_rate(_position(before), _position(now), seconds),
        changes=_rate(_offsets(before), _offsets(now), seconds),
        archived=_rate(_rows(before), _rows(now), seconds),
    )


def _rate(before: int | None, now: int | None, seconds: float) -> float | None:
    return None if before is None or now is None or now < before else (now - before) / seconds


def _log_end(snapshot: Snapshot) -> int | None:
    return snapshot.database.server.end if isinstance(snapshot.database, Database) else None


def _position(snapshot: Snapshot) -> int | None:
    return snapshot.worker.source.position if isinstance(snapshot.worker, Worker) else None


def _offsets(snapshot: Snapshot) -> int | None:
    if not isinstance(snapshot.brokers, Brokers):
        return None
    return sum(end for (topic, _), end in snapshot.brokers.ends.items() if topic in snapshot.topics)


def _rows(snapshot: Snapshot) -> int | None:
    rows = [table.rows if isinstance(table, Archived) else None for table in snapshot.archive.values()]
    return sum(number for number in rows if number is not None) if rows and None not in rows else None
