"""Lateness: from when on a change is late, and a source silent. The command status and the alerts judge by the same limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from stack.settings.model import Settings

# Seconds in Connect, Kafka and the worker's own pauses, which a change may take beside the sink's interval
_ON_THE_WAY_S: Final = 60.0
# Intervals of the sink: a change waits for one, the Parquet sink may close a quiet file after two, and one is for the commit
_INTERVALS: Final = 3
_HEARTBEATS: Final = 3
# Freshness that the requirements ask for
_FRESH_S: Final = 300.0


class Paced(Protocol):
    """A stack of which the pauses are known, in seconds."""

    @property
    def interval_s(self) -> float:
        """Seconds between two commits of the sink."""

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two heartbeats of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Limits of lateness that follow from two intervals of a stack.

    Attributes:
        interval_s: Seconds between two commits of the sink.
        heartbeat_s: Seconds between two heartbeats of the source.
    """

    interval_s: float
    heartbeat_s: float

    @classmethod
    def of(cls, stack: Paced) -> Self:
        """Return the limits of a described stack."""
        return cls(interval_s=stack.interval_s, heartbeat_s=stack.heartbeat_s)

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """Return the limits that a stack's settings give."""
        return cls(interval_s=settings.archive.interval_ms / 1000, heartbeat_s=settings.source.debezium.heartbeat_interval_ms / 1000)

    @property
    def late_s(self) -> float:
        """Seconds after which a change that is not in the archive is late."""
        return _ON_THE_WAY_S + _INTERVALS * self.interval_s

    @property
    def very_late_s(self) -> float:
        """Seconds after which a late change is critical: the freshness that is asked for, or twice what the commits allow."""
        return max(_FRESH_S, 2 * self.late_s)

    @property
    def silent_s(self) -> float:
        """Seconds after which a source that has stored no position is silent."""
        return _ON_THE_WAY_S + _HEARTBEATS * self.heartbeat_s
