"""The figures as files: ``figures.json`` keeps the last measurement of each topic, ``figures.md`` shows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NOTHING: Final = "-"
"""Text of a cell without a measurement."""

_HEAD: Final = "# Figures\n\nWritten by `make bench`, which replaces what it measures anew; `figures.json` holds the single values.\n"


class FiguresError(Exception):
    """A figure cannot be computed; the message gives the reason and a cure."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to read.

    Attributes:
        columns: Headings; the first column is text, the others are numbers.
        rows: Cells as they are shown.
        title: What the table is about, where a topic has several.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Result of one measurement.

    Attributes:
        title: Heading.
        how: What was measured and how.
        grids: The tables.
        raw: The single values.
        versions: Of what was measured, by name.
    """

    title: str
    how: str
    grids: tuple[Grid, ...]
    raw: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)


def merged(known: Mapping[str, Any], topic: str, figures: Figures, about: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """All figures, with one topic's replaced.

    Args:
        known: What `figures.json` held.
        topic: Name of the measurement.
        figures: What it found.
        about: When, by which command and on what machine.
        order: All topics in the order in which they are shown; others are dropped.
    """
    found = asdict(figures)
    versions = {**about.get("versions", {}), **found.pop("versions")}
    every = {**known, topic: {**found, "about": {**about, "versions": versions}}}
    return {name: every[name] for name in order if name in every}


def load(folder: Path) -> dict[str, Any]:
    """Return the content of `figures.json`, or nothing if there is none.

    Raises:
        FiguresError: If it cannot be read.
    """
    path = folder / "figures.json"
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        message = f"{path} is not JSON ({error}); remove it and measure again"
        raise FiguresError(message) from None
    return dict(loaded)


def save(folder: Path, every: Mapping[str, Any]) -> None:
    """Write both files."""
    (folder / "figures.json").write_text(json.dumps(every, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "figures.md").write_text(document(every), encoding="utf-8")


def document(every: Mapping[str, Any]) -> str:
    """All figures as Markdown."""
    return "\n".join([_HEAD, *(_chapter(found) for found in every.values())])


def _chapter(found: Mapping[str, Any]) -> str:
    parts = [f"## {found['title']}", found["how"].strip(), _provenance(found["about"])]
    for grid in found["grids"]:
        if grid["title"]:
            parts.append(f"### {grid['title']}")
        parts.append(markdown(Grid(tuple(grid["columns"]), tuple(tuple(row) for row in grid["rows"]))))
    return "\n\n".join(parts) + "\n"


def _provenance(about: Mapping[str, Any]) -> str:
    machine = about["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = {
        "Command": f"`{about['command']}`",
        "Measured": f"{about['date']}, commit {about['commit']}",
        "Machine": f"{machine['cpus']} x {machine['model']}, {machine['memory_mib']} MiB of memory, {machine['system']}",
        "Versions": versions,
    }
    return "\n".join(f"- {name}: {text}" for name, text in lines.items())


def markdown(grid: Grid) -> str:
    """One table as Markdown, numbers to the right."""
    marks = ("---", *("---:" for _ in grid.columns[1:]))
    return "\n".join(_line(cells) for cells in (grid.columns, marks, *grid.rows))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
