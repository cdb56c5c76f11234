"""Schedule of a run: which faults, in which order, with what chance; the same seed gives the same one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_PAUSE_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come.

    Attributes:
        number: Its number in the run, from 1.
        kind: Name of the kind of fault.
        pause_s: Seconds of load before it, so that it meets a random moment of the sink's commits.
        seed: Seed of its own chances: which broker, how long.
    """

    number: int
    kind: str
    pause_s: float
    seed: str

    def chance(self) -> random.Random:
        """Return its source of chance, always at its beginning."""
        return random.Random(self.seed)  # noqa: S311 - a schedule, no secret


def schedule(seed: int, count: int, kinds: Sequence[str]) -> tuple[Planned, ...]:
    """Deal every kind once before any comes again.

    Args:
        seed: What decides it.
        count: Number of faults.
        kinds: Names of the kinds to choose from.
    """
    chance = random.Random(seed)  # noqa: S311 - as above
    planned: list[Planned] = []
    deck: list[str] = []
    for number in range(1, count + 1):
        if not deck:
            deck = chance.sample(sorted(kinds), len(kinds))
        kind = deck.pop()
        planned.append(Planned(number, kind, round(chance.uniform(0.5, _LONGEST_PAUSE_S), 2), f"{seed}/{number}/{kind}"))
    return tuple(planned)
