"""Views that each engine makes and is asked for: the current state by two texts, and earlier states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.views.files import files, name_of
from pipeline.views.moment import Moment
from tests.readers.archives import ODD, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stack.settings.tables import Table

CURRENT: Final = "current"
PLAIN: Final = "plain"
"""The current state from files whose epoch is text, as the format ``parquet`` has it."""
PRESENT: Final = "present"
"""The current state of a given epoch, as the command writes it."""
TIME: Final = "time"
POSITION: Final = "position"
KINDS: Final = (CURRENT, PLAIN, PRESENT, TIME, POSITION)


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        kind: What it shows.
        table: The table.
        moment: Its moment, or None for the present.
        epoch: Its epoch, or None for the last one that has a row.
    """

    kind: str
    table: Table
    moment: Moment | None = None
    epoch: int | None = None

    @property
    def key(self) -> str:
        """Name of the answer."""
        return f"{self.kind}/{self.table.name}"

    @property
    def name(self) -> str:
        """Name of the view."""
        return name_of(self.table, self.moment)

    def texts(self, engine: str, namespace: str, locations: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the files that the command writes for this table."""
        return files(engine, (self.table,), namespace, moment=self.moment, epoch=self.epoch, locations=locations)


def wanted(told: Sequence[Told]) -> list[View]:
    """Return all views."""
    return [*_of_cases(told), *(View(kind, ODD) for kind in (CURRENT, PLAIN))]


def _of_cases(told: Sequence[Told]) -> Iterator[View]:
    for one in told:
        yield View(CURRENT, one.model)
        if one.name.startswith("case"):
            continue
        if not one.past:
            yield View(PLAIN, one.model)
            yield View(PRESENT, one.model, epoch=max((row["__epoch"] for row in one.rows), default=1))
        if one.past:
            yield View(TIME, one.model, Moment(milliseconds=one.moment))
        if one.rows:
            yield View(POSITION, one.model, Moment(position=one.position))
