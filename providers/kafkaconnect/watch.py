"""Judgement of a starting connector: when RUNNING counts, when FAILED counts, and when a restart may help."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.kafkaconnect.reasons import causes

if TYPE_CHECKING:
    from providers.kafkaconnect.status import Status


@dataclass(frozen=True, slots=True)
class Tempo:
    """Intervals and limits of waits, in seconds.

    Attributes:
        poll: Interval of requests for the status.
        steady: Uninterrupted RUNNING required after a change: Debezium, for one, connects after its task has started.
        doubt: Time after a restart in which FAILED is ignored: the status lags behind the request.
        again: Interval of restarts of parts that failed for a temporary cause.
        read: Limit for a refresh with an unreachable worker.
        removal: Limit for a removal: a destroy must not hang for a cluster that no longer exists.
        given_up: Limit for any operation with a worker that the user has declared gone.
    """

    poll: float = 0.5
    steady: float = 3.0
    doubt: float = 5.0
    again: float = 10.0
    read: float = 15.0
    removal: float = 60.0
    given_up: float = 5.0


@dataclass(slots=True)
class Watch:
    """Observation of a connector since the last action on it.

    Attributes:
        steady: Seconds for which everything must be RUNNING.
        doubt: Seconds for which a failure is ignored.
        acted: Time of the last action, on the monotonic clock.
        failing_since: Start of the current failure; None without one.
        running_since: Start of the current run; None while not everything runs.
    """

    steady: float
    doubt: float
    acted: float = field(default_factory=time.monotonic)
    failing_since: float | None = None
    running_since: float | None = None

    def settled(self, status: Status | None) -> bool:
        """Tell whether everything has been running long enough."""
        if status is None or not status.running:
            self.running_since = None
            return False
        now = time.monotonic()
        self.running_since = now if self.running_since is None else self.running_since
        return now - self.running_since >= self.steady

    def failed(self, status: Status | None) -> bool:
        """Tell whether a part has failed since the last action."""
        return status is not None and bool(status.failed) and time.monotonic() - self.acted >= self.doubt

    def worth_a_restart(self, status: Status) -> bool:
        """Tell whether the failure's cause may pass by itself and has not had the time yet."""
        now = time.monotonic()
        self.failing_since = now if self.failing_since is None else self.failing_since
        found = causes(status.failed)
        return all(cause is not None and cause.may_pass and now - self.failing_since < cause.patience for cause in found)

    def restarted(self, doubt: float) -> None:
        """Record a restart of failed parts; ignore failures for ``doubt`` seconds."""
        self.acted, self.doubt, self.running_since = time.monotonic(), doubt, None
