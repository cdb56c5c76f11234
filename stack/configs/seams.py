"""Records of the moments at which an archived table's epochs began, as properties of the table."""

from __future__ import annotations

from typing import Final

# Number of the present epoch; a table can have no row of it. Not set in the first one.
EPOCH: Final = "data-ingestion.epoch"


def seam(epoch: str, at: str, snapshot: int | None) -> dict[str, str]:
    """Return the properties that say when an epoch began, and which snapshot the epoch before has left.

    Args:
        epoch: Number of the new epoch.
        at: Time, with its zone, at which the program declared it.
        snapshot: Last snapshot of the table before it, or None without one.
    """
    last = {} if snapshot is None else {f"{EPOCH}.{epoch}.after-snapshot": str(snapshot)}
    return {f"{EPOCH}.{epoch}.declared-at": at, **last}


def recorded(epoch: int, cause: str, system: str | None, position: str | None, last_change: str | None) -> dict[str, str]:
    """Return the properties that say why an epoch began, and how far the epoch before was read; what is not known is left out.

    Args:
        epoch: Number of the new epoch.
        cause: Cause of the break.
        system: System identifier of the database server before it.
        position: Position in that server's write-ahead log.
        last_change: Time of the last archived change.
    """
    values = {"cause": cause, "system": system, "position": position, "last-change-at": last_change}
    return {f"{EPOCH}.{epoch}.{name}": value for name, value in values.items() if value is not None}
