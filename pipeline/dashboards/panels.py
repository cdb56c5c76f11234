"""Model of a dashboard: sections of panels, each with queries, limits and a description; plain values without Grafana's classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

GREEN: Final = "green"
ORANGE: Final = "orange"
RED: Final = "red"

Steps: TypeAlias = tuple[tuple[float | None, str], ...]
"""Smallest value of each colour, ascending; the first has none."""

ANY: Final[Steps] = ((None, GREEN),)
"""A figure without a bad value."""


class Kind(Enum):
    """Display of a panel's figures."""

    LINES = "timeseries"
    NUMBER = "stat"
    BARS = "bargauge"
    STATES = "state-timeline"


@dataclass(frozen=True, slots=True)
class Query:
    """A query for Prometheus.

    Attributes:
        expression: PromQL, with ``$__rate_interval`` as the range of every rate.
        legend: Name of each series; ``{{label}}`` is replaced.
    """

    expression: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        title: Title, unique on its dashboard.
        shows: Sentence that says what is shown.
        bad: Sentence that says what a bad value means.
        command: Command that comes next.
        unit: Unit by Grafana's name.
        queries: Queries.
        kind: How the figures are shown.
        steps: Colours of the values.
        names: Text and colour of single values.
        absent: Text in place of a figure that does not exist.
        least: Lower end of the axis; None for the smallest value.
        most: Upper end of the axis; None for the largest value.
        width: Width in columns of 24.
    """

    title: str
    shows: str
    bad: str
    command: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    steps: Steps = ANY
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    absent: str = "no data"
    least: float | None = 0
    most: float | None = None
    width: int = 12

    @property
    def description(self) -> str:
        """Text behind the panel's sign for information, in Markdown."""
        return f"{self.shows} {self.bad}\n\nNext: `{self.command}`"


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading.

    Attributes:
        title: Heading.
        panels: Panels; a section without any is left out.
    """

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        slug: Word that names it in its uid and file.
        title: Title without the stack.
        description: One sentence.
        sections: Sections from top to bottom.
    """

    slug: str
    title: str
    description: str
    sections: tuple[Section, ...]


def above(warning: float | None, critical: float | None = None) -> Steps:
    """Return colours of a figure that is bad when large; a limit itself is bad already.

    Args:
        warning: Value from which it is a warning; None without one.
        critical: Value from which it is critical; None without one.
    """
    limits = ((warning, ORANGE), (critical, RED))
    return ((None, GREEN), *((value, colour) for value, colour in limits if value is not None))


def below(warning: float, critical: float | None = None) -> Steps:
    """Return colours of a figure that is bad when small; a limit itself is good.

    Args:
        warning: Value below which it is a warning.
        critical: Value below which it is critical; None without one.
    """
    if critical is None:
        return ((None, ORANGE), (warning, GREEN))
    return ((None, RED), (critical, ORANGE), (warning, GREEN))
