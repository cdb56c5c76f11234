"""Plain text of a comment for a terminal: nothing is folded or omitted."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from pipeline.review.document import Block, Cell, Diff, Document, Paragraph, Section, Strong, Table, Verbatim, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

# First character of a changed line to its style
_STYLES: Final = {"+": "green", "-": "red", "!": "yellow"}


def plain(document: Document) -> RenderableType:
    """Render the document for a terminal."""
    sections = chain.from_iterable(_section(section) for section in document.sections)
    return Group(Text(_flat(document.title), "bold"), *(_headline(line) for line in document.headline), *sections)


def _section(section: Section) -> Iterator[RenderableType]:
    yield ""
    yield Text(section.title, "bold")
    for block in section.blocks:
        yield from _block(block)


def _flat(cell: Cell) -> str:
    return "".join(pieces(cell))


def _headline(cell: Cell) -> Text:
    return Text.assemble(*((piece, "bold" if isinstance(piece, Strong) else "") for piece in pieces(cell)))


def _block(block: Block) -> Iterator[RenderableType]:
    if isinstance(block, (Paragraph, Verbatim)):
        yield from (Text(f"  {line}") for line in _flat(block.text).splitlines())
    elif isinstance(block, Diff):
        yield from (Text(f"  {line}", _STYLES.get(line[:1], "")) for row in block.rows for line in row.splitlines())
    else:
        yield from _stanzas(block) if block.first else [_table(block)]


def _stanzas(table: Table) -> Iterator[RenderableType]:
    """Yield each row over several lines: its first cells on one, each other cell below with its title."""
    titles = table.head[table.first :]
    for row in table.rows:
        yield Text("  " + "  ".join(_flat(cell) for cell in row[: table.first]), "bold")
        rest = Grid.grid(padding=(0, 2, 0, 0))
        rest.add_column()
        rest.add_column(overflow="fold")
        for title, cell in zip(titles, row[table.first :], strict=True):
            rest.add_row(Text(title, "dim"), Text(_flat(cell)))
        yield Padding(rest, (0, 0, 0, 6))


def _table(table: Table) -> RenderableType:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for position, title in enumerate(table.head):
        grid.add_column(title, justify="left" if position < table.texts else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(" ".join(_flat(cell).split())) for cell in row))
    return Padding(grid, (0, 0, 0, 2))
