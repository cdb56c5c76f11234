"""What the doctor prints: one line for each check and its cure below, or JSON."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.check import SEE_ABOVE, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checks.check import Finding

SIGNS: Final = {Level.FINE: "✓", Level.WARNING: "!", Level.FAILURE: "✗", Level.UNSEEN: "·"}
_COLOURS: Final = {Level.FINE: "32", Level.WARNING: "33", Level.FAILURE: "31", Level.UNSEEN: "2"}
_INDENT: Final = 6
_WIDTH: Final = 120


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


def text(line: Line, width: int, *, colours: bool = False) -> str:
    """One finding for people.

    Args:
        line: The finding.
        width: Characters of the longest name, so that findings stand below each other.
        colours: Whether the sign may be coloured.
    """
    sign = SIGNS[line.finding.level]
    if colours:
        sign = f"\033[{_COLOURS[line.finding.level]}m{sign}\033[0m"
    shown = f"  {sign} {line.name:{width}}  {line.finding.found}"
    if line.finding.cure:
        first, *further = line.finding.cure.splitlines()
        shown += "\n" + textwrap.indent("\n".join([f"→ {first}", *(f"  {more}" for more in further)]), " " * _INDENT)
    return shown


def paragraphs(lines: Iterable[Line], width: int, *, colours: bool = False) -> Iterator[str]:
    """All findings for people, as they come: a heading for each group, and those of one that only point to another in one line.

    Args:
        lines: The findings, group after group.
        width: Characters of the longest name.
        colours: Whether signs may be coloured.
    """
    group, waiting = "", list[str]()
    for line in lines:
        if waiting and (line.group != group or line.finding.found != SEE_ABOVE):
            yield _pointing(waiting)
            waiting.clear()
        if line.group != group:
            yield line.group
            group = line.group
        if line.finding.found == SEE_ABOVE:
            waiting.append(line.name)
        else:
            yield text(line, width, colours=colours)
    if waiting:
        yield _pointing(waiting)


def _pointing(names: Sequence[str]) -> str:
    return textwrap.fill(f"{SEE_ABOVE}: {', '.join(names)}", _WIDTH, initial_indent=f"  {SIGNS[Level.UNSEEN]} ", subsequent_indent="    ")


def verdict(stack: str, lines: Sequence[Line]) -> str:
    """The last line: what all of it means."""
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
    """How many of the findings would stop ``up``."""
    return sum(line.finding.level is Level.FAILURE for line in lines)
