"""State of a connector and its tasks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

# Tasks that a text names one by one; beyond, it counts them by state
_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A connector or one of its tasks as the worker reports it."""

    label: str
    state: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A connector and its tasks."""

    connector: Part
    tasks: tuple[Part, ...]

    @property
    def failed(self) -> tuple[Part, ...]:
        """The parts that gave up; none of them starts again by itself."""
        return tuple(part for part in (self.connector, *self.tasks) if part.state == "FAILED")

    @property
    def running(self) -> bool:
        """True if the connector and all of its tasks run, and it has at least one task."""
        return bool(self.tasks) and all(part.state == "RUNNING" for part in (self.connector, *self.tasks))

    @property
    def state(self) -> str:
        """One word for all: RUNNING only if everything runs, else the first state that is not."""
        return next(
            (part.state for part in (self.connector, *self.tasks) if part.state != "RUNNING"),
            "RUNNING" if self.tasks else "UNASSIGNED",
        )

    def __str__(self) -> str:
        """Every part with its state, or the number of tasks in each state."""
        if not self.tasks:
            return f"connector {self.connector.state}, no task yet"
        if len(self.tasks) <= _NAMED:
            return ", ".join(f"{part.label} {part.state}" for part in (self.connector, *self.tasks))
        counted = Counter(part.state for part in self.tasks).most_common()
        rarest_first = sorted(counted, key=lambda state: (state[0] == "RUNNING", state[1]))
        others = f" and {len(rarest_first) - _NAMED} more states" if len(rarest_first) > _NAMED else ""
        return f"connector {self.connector.state}, tasks: " + ", ".join(f"{n} {state}" for state, n in rarest_first[:_NAMED]) + others
