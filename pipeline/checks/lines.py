"""Progress as lines of text."""

from __future__ import annotations

import sys


class Lines:
    """Display of waits: each state once as a line, whether or not the output is a terminal.

    Args:
        before: Words before each state.
    """

    def __init__(self, before: str = "") -> None:
        """Nothing is shown yet."""
        self._before, self._last = before, ""

    def waiting(self, what: str, /) -> None:
        """Print a state that is new."""
        if what != self._last:
            sys.stdout.write(f"  {self._before}{what}\n")
            sys.stdout.flush()
        self._last = what
