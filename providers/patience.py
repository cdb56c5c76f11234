"""Waiting that ends: at a deadline, or when the engine asks to stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from providers.operations import CancelledError, Quiet, Reporter


@dataclass(slots=True)
class Patience:
    """One wait. `seconds` is how long at most; `cancelled` ends it early; `reporter` hears what is being waited for."""

    seconds: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    reporter: Reporter = field(default_factory=Quiet)
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """True if the deadline has passed."""
        return self.spent >= self.seconds

    def pause(self, seconds: float, waiting_for: str) -> None:
        """Sleep, but not past the deadline; raises CancelledError after a cancellation."""
        self.reporter.waiting(waiting_for)
        if self.cancelled.wait(max(0.0, min(seconds, self.seconds - self.spent))):
            message = f"stopped while waiting for {waiting_for}"
            raise CancelledError(message)


def backoff(attempt: int, *, first: float = 0.25, longest: float = 4.0) -> float:
    """Seconds to sleep before the given retry (0, 1, 2, …): doubling from `first` up to `longest`."""
    return min(longest, first * float(1 << min(attempt, 16)))
