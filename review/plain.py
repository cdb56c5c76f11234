"""A document as plain text for a terminal: nothing is folded, nothing is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.document import Block, Cell, Diff, Document, Paragraph, Strong, Table, Verbatim, pieces

if TYPE_CHECKING:
    from plan.report import Paint


def plain(document: Document, paint: Paint) -> str:
    """The document as lines."""
    head = [paint.bold(_flat(document.title)), *(_headline(line, paint) for line in document.headline)]
    sections = [
        "\n".join([paint.bold(section.title), *(_block(block, paint) for block in section.blocks)]) for section in document.sections
    ]
    return "\n\n".join(["\n".join(head), *sections]) + "\n"


def _flat(cell: Cell) -> str:
    return "".join(pieces(cell))


def _headline(cell: Cell, paint: Paint) -> str:
    return "".join(paint.bold(piece) if isinstance(piece, Strong) else piece for piece in pieces(cell))


def _block(block: Block, paint: Paint) -> str:
    if isinstance(block, (Paragraph, Verbatim)):
        return "\n".join(f"  {line}" for line in _flat(block.text).splitlines())
    if isinstance(block, Diff):
        return "\n".join(_coloured(line, paint) for row in block.rows for line in row.splitlines())
    return _stanzas(block, paint) if block.first else _table(block, paint)


def _coloured(line: str, paint: Paint) -> str:
    colour = {"+": paint.green, "-": paint.red, "!": paint.yellow}.get(line[:1], str)
    return "  " + colour(line)


def _stanzas(table: Table, paint: Paint) -> str:
    """A row over several lines: its first cells on one, each other one under them with its title."""
    lines = []
    width = max(len(title) for title in table.head[table.first :])
    for row in table.rows:
        lines.append("  " + "  ".join(paint.bold(_flat(cell)) for cell in row[: table.first]))
        rest = zip(table.head[table.first :], row[table.first :], strict=True)
        lines += [f"      {paint.dim(title.ljust(width))}  {_flat(cell)}" for title, cell in rest]
    return "\n".join(lines)


def _table(table: Table, paint: Paint) -> str:
    rows = [[" ".join(_flat(cell).split()) for cell in row] for row in (table.head, *table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    lines = [
        "  ".join(
            cell.ljust(width) if at < table.texts else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(["  " + paint.dim(lines[0].rstrip()), *("  " + line.rstrip() for line in lines[1:])])
