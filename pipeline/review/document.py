"""Structure of a comment, independent of Markdown and plain text."""

from __future__ import annotations

from dataclasses import dataclass


class Code(str):
    """Literal text: a name, a key, a value."""

    __slots__ = ()


class Strong(str):
    """Emphasised text."""

    __slots__ = ()


# Running text, or pieces of it, some of them Code or Strong
Cell = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    text: Cell


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Preformatted lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first ``texts`` columns are text, the others figures.

    Attributes:
        head: Titles of the columns.
        rows: Cells of each row.
        texts: Number of left-aligned columns.
        first: Number of cells on the first line of a row that is too long for a terminal; the others get a line each.
        unit: Plural noun for the rows, used by the line that counts omitted ones.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    texts: int
    first: int = 0
    unit: str = "rows"


@dataclass(frozen=True, slots=True)
class Diff:
    """One text for each changed resource; every line begins with ``+``, ``-`` or ``!``."""

    rows: tuple[str, ...]
    unit: str = "resources"


Block = Paragraph | Verbatim | Table | Diff


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comment.

    Attributes:
        title: Heading of the section.
        blocks: Content of the section.
        cuttable: True if its last rows may be omitted under a length limit; it then has one block, a table or a diff.
        folded: True if it is collapsed until the reader opens it.
    """

    title: str
    blocks: tuple[Block, ...]
    cuttable: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A comment.

    Attributes:
        marker: First line, constant across runs, by which CI finds its own comment.
        title: Heading, of text and Code.
        headline: The most important facts, in a line or two.
        sections: All other facts, in order of importance.
    """

    marker: str
    title: Cell
    headline: tuple[Cell, ...]
    sections: tuple[Section, ...]


def pieces(cell: Cell) -> tuple[str, ...]:
    """Split a cell into its pieces."""
    return (cell,) if isinstance(cell, str) else cell
