"""The time that one wait has, and who hears what it is for."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

_POLL_S: Final = 0.5


class Waiting(Protocol):
    """Receiver of messages about waits, such as `sandbox.progress.Step`."""

    def waiting(self, what: str) -> None:
        """Say what is being waited for."""


class Patience:
    """Counts the time of one wait and passes on what it is for."""

    def __init__(self, timeout_s: float, step: Waiting | None, cancelled: threading.Event | None) -> None:
        """Start the clock; `step` hears the reasons, and `cancelled` ends the wait early."""
        self._deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._step = step
        self._cancelled = cancelled or threading.Event()

    def go_on(self, reason: str) -> bool:
        """Report and sleep; False when there is no time left or the run was cancelled."""
        if self._step is not None:
            self._step.waiting(reason)
        return not self._cancelled.wait(_POLL_S) and time.monotonic() < self._deadline

    def verdict(self, reason: str) -> str:
        """Say why the wait ended."""
        ended = "stopped" if self._cancelled.is_set() else f"given up after {self._timeout_s:.0f} s"
        return f"{ended}: {reason}"
