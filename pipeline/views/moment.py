"""Moments that a query can go back to: a time, or a position in the database's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.views.order import Log

_COMMITTED_AT: Final = "__source_ts_ms"


@dataclass(frozen=True, slots=True)
class Moment:
    """Moment of an earlier state; exactly one of the two is given.

    Attributes:
        milliseconds: Time of commits in the database, in ms since 1970 (UTC).
        position: Position in the write-ahead log as a number.
    """

    milliseconds: int | None = None
    position: int | None = None

    def conditions(self, log: Log) -> list[str]:
        """Return the conditions that the changes up to this moment fulfil."""
        if self.milliseconds is not None:
            return [f"{log.column(_COMMITTED_AT)} <= {self.milliseconds}"]
        return [log.up_to(self.position or 0)]
