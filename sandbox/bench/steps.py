"""Durations of the steps of `make sandbox`, from files that `python -m pipeline sandbox up --times FILE` has written.

Cold: empty caches. Warm: caches filled, no sandbox. Again: a sandbox that runs already. The largest steps are named and the others
summed. Steps run at the same time and contain each other, so they add up to more than passes on the clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.bench.figures import NOTHING, Figures, FiguresError, Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded run.

    Attributes:
        seconds: Title of each step to its seconds.
        wall_s: Seconds that the whole command took by the clock, where they were noted.
    """

    seconds: Mapping[str, float]
    wall_s: float | None


def measure(given: Mapping[str, str | None]) -> Figures:
    """Return the steps of the recorded runs.

    Args:
        given: Name of each run to FILE or FILE@SECONDS, or None when there is none.

    Raises:
        FiguresError: If there is no run at all, or one cannot be read.
    """
    runs = {name: read(text) for name, text in given.items() if text}
    if not runs:
        message = "steps needs a file: run 'python -m pipeline sandbox up --times FILE' and give it with --cold, --warm or --again"
        raise FiguresError(message)
    raw = {name: {"seconds": dict(run.seconds), "wall_s": run.wall_s} for name, run in runs.items()}
    return Figures("The steps of make sandbox, in seconds", str(__doc__), (table(runs),), raw)


def read(given: str) -> Run:
    """One recorded run.

    Args:
        given: Path of the file, and after an ``@`` the seconds that the whole command took.

    Raises:
        FiguresError: If it is not such a file.
    """
    name, _, wall = given.rpartition("@")
    wall_s = _number(wall) if name else None
    path = Path(name) if wall_s is not None else Path(given)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} is not a file that 'python -m pipeline sandbox up --times FILE' has written: {error}"
        raise FiguresError(message) from None
    if not isinstance(found, dict) or not found or not all(_is_duration(value) for value in found.values()):
        message = f"{path} does not hold titles of steps and their seconds; write it with 'python -m pipeline sandbox up --times FILE'"
        raise FiguresError(message)
    return Run({title: float(value) for title, value in found.items()}, wall_s)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def largest(runs: Iterable[Run], number: int) -> list[str]:
    """Return the titles of the steps that took longest in any of the runs, longest first."""
    longest: dict[str, float] = {}
    for run in runs:
        for title, seconds in run.seconds.items():
            longest[title] = max(seconds, longest.get(title, 0.0))
    return sorted(longest, key=lambda title: (-longest[title], title))[:number]


def table(runs: Mapping[str, Run], named: int = _NAMED) -> Grid:
    """One column for each run: its largest steps, the others together, all together, and the clock.

    Args:
        runs: Name of each run to the run.
        named: How many steps have a row of their own.
    """
    titles = largest(runs.values(), named)
    others = {title for run in runs.values() for title in run.seconds} - set(titles)
    rows = [(title, *(_cell(run.seconds.get(title)) for run in runs.values())) for title in titles]
    if others:
        rows.append((f"{len(others)} other steps", *(_cell(_total(run, others)) for run in runs.values())))
    rows.append(("all steps added up", *(_cell(_total(run, run.seconds)) for run in runs.values())))
    rows.append(("the whole command, by the clock", *(_cell(run.wall_s) for run in runs.values())))
    return Grid(("step", *runs), tuple(rows))


def _total(run: Run, titles: Iterable[str]) -> float:
    return sum(run.seconds.get(title, 0.0) for title in titles)


def _cell(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds:.1f}"
