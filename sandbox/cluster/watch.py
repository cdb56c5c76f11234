"""Waiting for components, and telling what they said when they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.waiting import Patience
from sandbox.cluster import processes
from sandbox.cluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from providers.waiting import Display

_TIMEOUT_S = 90.0  # tens of times what each wait needs on two cores
_POLL_S = 0.05
_LOG_LINES = 15
_LOG_BYTES = 65536


class Watch:
    """Waits for one thing after the other while all that was started must stay alive.

    Args:
        display: Shows what is being waited for.
    """

    def __init__(self, display: Display | None = None) -> None:
        """Remember how long each log is, so that a failure shows only what was logged since."""
        self._display = display
        self._since = {log.stem: log.stat().st_size for log in processes.LOGS.glob("*.log")}
        self._started: set[str] = set()

    def until(self, component: str, ready: Callable[[], bool], what: str = "", reasons: Callable[[], list[str]] = list) -> None:
        """Return when something is ready.

        Args:
            component: The component that it depends on, whose log explains a failure.
            ready: Tells, quickly and without raising, whether it is.
            what: What is waited for; the component when left out.
            reasons: Further lines for the failure.

        Raises:
            NodeError: If a component that ran ends, or time runs out, with the last lines of the log.
        """
        patience = Patience(_TIMEOUT_S, display=self._display)
        while not ready():
            alive = set(processes.leaders())
            dead = sorted((self._started | {component}) - alive)
            self._started |= alive
            if dead:
                message = (
                    f"{dead[0]} ended while the node started; its last lines ({processes.LOGS / dead[0]}.log):\n{self._last_lines(dead[0])}"
                )
                raise NodeError(message)
            if not patience.go_on(what or component, _POLL_S):
                lines = [
                    patience.verdict(f"{what or component} is not ready"),
                    *reasons(),
                    f"last lines of {processes.LOGS / component}.log:",
                    self._last_lines(component),
                ]
                raise NodeError("\n".join(lines))

    def _last_lines(self, component: str) -> str:
        path = processes.LOGS / f"{component}.log"
        if not path.exists():
            return "(it logged nothing)"
        with path.open("rb") as log:
            log.seek(max(self._since.get(component, 0), path.stat().st_size - _LOG_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:]) or "(it logged nothing)"
