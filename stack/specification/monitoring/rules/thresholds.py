"""Thresholds of the alerts, from the settings of a stack. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.capacity.quantity import MIB
from stack.specification.lateness import Lateness
from stack.specification.streaming.topics import DEAD_LETTER_DAYS

if TYPE_CHECKING:
    from stack.settings.model import Settings

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

# A rate needs two samples whatever scrape is lost, and Prometheus 3 leaves the first moment of a span out
_SAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of one stack.

    Attributes:
        settings: Its settings.
    """

    settings: Settings

    @property
    def lateness(self) -> Lateness:
        """Limits of lateness, which the command ``status`` judges by, too."""
        return Lateness.of_settings(self.settings)

    @property
    def late_s(self) -> int:
        """Seconds after which a change that is not in the archive is late."""
        return round(self.lateness.late_s)

    @property
    def very_late_s(self) -> int:
        """Seconds after which a late change is critical."""
        return round(self.lateness.very_late_s)

    @property
    def stalled_s(self) -> int:
        """Seconds without a commit after which the sink has stalled although changes wait: six intervals, and at least five minutes."""
        return max(5 * MINUTE, round(6 * self.lateness.interval_s))

    @property
    def silent_s(self) -> int:
        """Seconds without a heartbeat after which the source is silent."""
        return round(self.lateness.silent_s)

    @property
    def still_s(self) -> int:
        """Seconds in which a source that runs stores a new position: at least three heartbeats."""
        return max(10 * MINUTE, round(3 * self.lateness.heartbeat_s))

    @property
    def short_s(self) -> int:
        """Shortest span over which a rate is taken: as many scrapes as survive the loss of some."""
        return max(MINUTE, _SAMPLES * self.settings.monitoring.interval_s)

    @property
    def tasks(self) -> int:
        """Number of tasks that all connectors have."""
        return 1 + self.settings.archive.tasks * len(self.settings.sinks)

    @property
    def letter_days(self) -> int:
        """Days for which a dead letter is kept, by the time of its record."""
        return self.settings.streaming.topics.retention_days + DEAD_LETTER_DAYS

    @property
    def connections(self) -> int:
        """Connections that are open to others than the superuser (PostgreSQL keeps three for that)."""
        return self.settings.source.max_connections - 3

    @property
    def broker_bytes(self) -> int:
        """Volume of one broker."""
        return self.settings.streaming.kafka.storage_mib * MIB

    @property
    def database_bytes(self) -> int:
        """Volume of the database."""
        return self.settings.source.storage_mib * MIB

    @property
    def backlog(self) -> int:
        """Changes that are work for ten seconds at the target."""
        return 10 * self.settings.monitoring.target_changes_per_second
