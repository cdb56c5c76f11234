"""Record of the moment at which an archived table's present epoch began, as properties of the table."""

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
