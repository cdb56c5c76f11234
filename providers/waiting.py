"""Waiting with patience: one budget of time, a reason that is shown while it lasts, and an event that ends it early.

tenacity would not make this shorter. Its time belongs to one repeated call, while a patience is shared by several questions (a connector
is validated, configured, watched and restarted within one limit); and it neither names what was waited for last nor cuts the last pause
at the deadline.
"""

from __future__ import annotations

import threading
import time
from dataclasses import KW_ONLY, dataclass, field
from typing import Protocol


class Display(Protocol):
    """Receiver of messages about waits, such as `checks.progress.Step`."""

    def waiting(self, what: str, /) -> None:
        """Show the reason of the wait; the next call replaces it."""


class StoppedError(RuntimeError):
    """A wait was cancelled."""


@dataclass(slots=True)
class Patience:
    """One budget of time.

    Attributes:
        seconds: How long at most.
        cancelled: Ends every pause early once it is set.
        display: Shows the reason of each pause.
        stopped: Error that `pause` raises when cancelled.
        started: Monotonic clock at the beginning.
    """

    seconds: float
    _: KW_ONLY
    cancelled: threading.Event = field(default_factory=threading.Event)
    display: Display | None = None
    stopped: type[Exception] = StoppedError
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """True if the deadline has passed."""
        return self.spent >= self.seconds

    def go_on(self, reason: str, pause: float = 0.5) -> bool:
        """Show the reason and pause, but not past the deadline.

        Args:
            reason: What is being waited for.
            pause: Seconds until the next look.

        Returns:
            Whether to look again: no once the deadline had passed or the wait was cancelled.
        """
        if self.display is not None:
            self.display.waiting(reason)
        if self.over:
            return False
        return not self.cancelled.wait(max(0.0, min(pause, self.seconds - self.spent)))

    def pause(self, seconds: float, reason: str) -> None:
        """Show the reason and pause, for callers that look at `over` themselves.

        Raises:
            Exception: What `stopped` names, if the wait was cancelled.
        """
        self.go_on(reason, seconds)
        if self.cancelled.is_set():
            message = f"stopped while waiting for {reason}"
            raise self.stopped(message)

    def verdict(self, reason: str) -> str:
        """Return why the wait ended, with its last reason."""
        ended = "stopped" if self.cancelled.is_set() else f"given up after {self.seconds:.0f} s"
        return f"{ended}: {reason}"


def backoff(attempt: int, *, first: float = 0.25, longest: float = 4.0) -> float:
    """Return the seconds to pause before the given retry (0, 1, 2, …): doubling from `first` up to `longest`."""
    return min(longest, first * float(1 << min(attempt, 16)))
