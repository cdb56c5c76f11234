"""A comment before it is Markdown or plain text."""

from __future__ import annotations

from dataclasses import dataclass


class Code(str):
    """Text that is shown exactly as it is: a name, a key, a value."""

    __slots__ = ()


class Strong(str):
    """Text that must be seen."""

    __slots__ = ()


# Running text, or a few pieces of it, some of them Code or Strong
Cell = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: Cell


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines whose layout matters."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first ``texts`` columns are text, the others figures.

    Attributes:
        head: Titles of the columns.
        rows: The cells.
        texts: How many columns stand at the left.
        first: Where rows are too long for a terminal, how many cells of each stand on its first line; the others get a line each.
        unit: What one row is, in plural, for the line that says how many are left out.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    texts: int
    first: int = 0
    unit: str = "rows"


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes of each resource, one text each, with ``+``, ``-`` or ``!`` before every line."""

    rows: tuple[str, ...]
    unit: str = "resources"


Block = Paragraph | Verbatim | Table | Diff


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comment.

    Attributes:
        title: Its heading.
        blocks: Its content.
        cuttable: Whether rows at its end may be left out where there is a limit; then it has one block, a table or a diff.
        folded: Whether it is closed until somebody opens it.
    """

    title: str
    blocks: tuple[Block, ...]
    cuttable: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The comment.

    Attributes:
        marker: First line, the same in every run, by which a CI finds its own comment again.
        title: Heading, of text and Code.
        headline: What matters most, in a line or two.
        sections: The rest, in order of importance.
    """

    marker: str
    title: Cell
    headline: tuple[Cell, ...]
    sections: tuple[Section, ...]


def pieces(cell: Cell) -> tuple[str, ...]:
    """A cell as pieces."""
    return (cell,) if isinstance(cell, str) else cell
