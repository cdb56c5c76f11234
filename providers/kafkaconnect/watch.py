"""Judging a connector while it starts: when RUNNING counts, when FAILED counts, and when starting it again is worth the try."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.kafkaconnect.causes import known_cause

if TYPE_CHECKING:
    from providers.kafkaconnect.rest import Status


@dataclass(frozen=True, slots=True)
class Tempo:
    """How often to look, and how long to look before believing it; all in seconds."""

    poll: float = 0.5
    # All RUNNING for this long after a change: Debezium, for one, connects after its task has started
    steady: float = 3.0
    # A FAILED from before a restart is not believed sooner than this: the status lags behind the request
    doubt: float = 5.0
    # Between two restarts of what failed for a cause that may pass
    again: float = 10.0
    # How long a refresh waits for a worker that does not answer
    read: float = 15.0
    # How long a removal waits: a destroy must not hang for a cluster that is gone already
    removal: float = 60.0
    # How long anything waits for a worker that is said to be gone
    given_up: float = 5.0


@dataclass(slots=True)
class Watch:
    """What was seen of one connector since it was acted upon."""

    steady: float
    doubt: float
    acted: float = field(default_factory=time.monotonic)
    failing_since: float | None = None
    running_since: float | None = None

    def settled(self, status: Status | None) -> bool:
        """Whether everything has been running for long enough."""
        if status is None or not status.running:
            self.running_since = None
            return False
        now = time.monotonic()
        self.running_since = now if self.running_since is None else self.running_since
        return now - self.running_since >= self.steady

    def failed(self, status: Status | None) -> bool:
        """Whether something has failed since it was acted upon."""
        return status is not None and bool(status.failed) and time.monotonic() - self.acted >= self.doubt

    def worth_a_restart(self, status: Status) -> bool:
        """Whether the cause of the failure may pass by itself, and has not had the time for it yet."""
        now = time.monotonic()
        self.failing_since = now if self.failing_since is None else self.failing_since
        causes = [known_cause(part.trace) for part in status.failed]
        return all(cause is not None and cause.may_pass and now - self.failing_since < cause.patience for cause in causes)

    def restarted(self, doubt: float) -> None:
        """What failed was told to start again; believe no failure for ``doubt`` seconds."""
        self.acted, self.doubt, self.running_since = time.monotonic(), doubt, None
