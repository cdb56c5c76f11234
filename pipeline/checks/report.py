"""Report of the doctor: one line for each check and its cure below, or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.checks.check import SEE_ABOVE, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from pipeline.checks.check import Finding

SIGNS: Final = {Level.FINE: "✓", Level.WARNING: "!", Level.FAILURE: "✗", Level.UNSEEN: "·"}
_STYLES: Final = {Level.FINE: "green", Level.WARNING: "yellow", Level.FAILURE: "red", Level.UNSEEN: "dim"}
_INDENT: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One finding with what it is about.

    Attributes:
        group: Heading it stands under.
        name: What was looked at.
        finding: What was found.
    """

    group: str
    name: str
    finding: Finding


def shown(line: Line, width: int) -> RenderableType:
    """One finding for people.

    Args:
        line: The finding.
        width: Characters of the longest name, so that findings stand below each other although they come one by one.
    """
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=len("✓ ") + width)
    row.add_column(overflow="fold")
    row.add_row(Text.assemble(_sign(line.finding.level), " ", line.name), Text(line.finding.found))
    # a cure is no cell of a table, which would wrap it: it is there to be copied
    cure = (Text(f"      {' ' if number else '→'} {words}") for number, words in enumerate(line.finding.cure.splitlines()))
    return Group(Padding(row, (0, 0, 0, _INDENT)), *cure)


def paragraphs(lines: Iterable[Line], width: int) -> Iterator[RenderableType]:
    """All findings for people, as they come: a heading for each group, and those of one that only point to another in one line.

    Args:
        lines: The findings, group after group.
        width: Characters of the longest name.
    """
    group, waiting = "", list[str]()
    for line in lines:
        if waiting and (line.group != group or line.finding.found != SEE_ABOVE):
            yield _pointing(waiting)
            waiting.clear()
        if line.group != group:
            yield Text(line.group, "bold")
            group = line.group
        if line.finding.found == SEE_ABOVE:
            waiting.append(line.name)
        else:
            yield shown(line, width)
    if waiting:
        yield _pointing(waiting)


def _pointing(names: Sequence[str]) -> RenderableType:
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_row(_sign(Level.UNSEEN), Text(f"{SEE_ABOVE}: {', '.join(names)}"))
    return Padding(row, (0, 0, 0, _INDENT))


def _sign(level: Level) -> Text:
    return Text(SIGNS[level], _STYLES[level])


def verdict(stack: str, lines: Sequence[Line]) -> str:
    """Return the last line: the verdict on all findings."""
    numbers = {level: sum(line.finding.level is level for line in lines) for level in Level}
    also = [f"{numbers[Level.WARNING]} to know about"] if numbers[Level.WARNING] else []
    also += [f"{numbers[Level.UNSEEN]} not seen"] if numbers[Level.UNSEEN] else []
    if numbers[Level.FAILURE]:
        would_stop = f"{numbers[Level.FAILURE]} of {len(lines)} would stop 'up' of {stack}"
        return ", ".join([would_stop, *also])
    return ", ".join([f"Nothing would stop 'up' of {stack}", *also])


def as_json(stack: str, lines: Sequence[Line]) -> str:
    """All findings for programs, with the number of failures."""
    listed = [
        {"group": line.group, "name": line.name, "level": line.finding.level.value, "found": line.finding.found, "cure": line.finding.cure}
        for line in lines
    ]
    return json.dumps({"stack": stack, "failures": failures(lines), "findings": listed}, indent=2, ensure_ascii=False)


def failures(lines: Sequence[Line]) -> int:
    """Count the findings that would stop ``up``."""
    return sum(line.finding.level is Level.FAILURE for line in lines)
