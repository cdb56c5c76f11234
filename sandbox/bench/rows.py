"""Rows that belong to a measurement: recognised by a mark in a text column of one of the stack's tables, removed after errors too."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from sandbox import made_up_rows
from sandbox.bench.figures import FiguresError
from sandbox.equality import connect
from sandbox.stack_settings import captured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg

    from pipeline.checks.progress import Progress
    from stack.settings.tables import Column, Table

# Reserved domain (RFC 2606), so that no row of the application looks like a measured one
_DOMAIN: Final = "bench.invalid"
# Characters of an address, with digits to spare
_LONGEST: Final = 48
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """The table that measured rows go into.

    Attributes:
        table: Its model.
        marker: The column with their addresses.
    """

    table: Table
    marker: Column

    @property
    def constants(self) -> list[Column]:
        """The other columns without a default that a row must have."""
        return [column for column in _required(self.table) if column.name != self.marker.name]


def measured(outputs: Mapping[str, Any]) -> Measured:
    """Return the first of the stack's tables that takes such rows.

    Args:
        outputs: The stack's outputs.

    Raises:
        FiguresError: If there is none.
    """
    return chosen(captured(outputs))


def chosen(tables: Sequence[Table]) -> Measured:
    """Return the first of these tables whose rows may differ in one text only. Raises FiguresError as `measured`."""
    for table in tables:
        for marker in filter(_takes_an_address, table.columns):
            found = Measured(table, marker)
            if not any(made_up_rows.refers(column) or made_up_rows.is_unique(table, column) for column in found.constants):
                return found
    message = (
        f"none of {', '.join(table.qualified for table in tables)} can be measured: it takes a free text column of {_LONGEST} characters, "
        "and no other column that must have a value of its own or another row's"
    )
    raise FiguresError(message)


def _required(table: Table) -> list[Column]:
    return [column for column in table.columns if not (column.nullable or column.identity or column.default is not None)]


def _takes_an_address(column: Column) -> bool:
    size = re.fullmatch(r"text|varchar\((\d+)\)", column.type)
    return size is not None and int(size[1] or _LONGEST) >= _LONGEST and column.constraint.strip().upper() in {"", "UNIQUE"}


@contextmanager
def removed_after(outputs: Mapping[str, Any], what: Measured, progress: Progress) -> Iterator[str]:
    """Give a mark for rows to insert; remove these and what a killed run has left, before and after, also after Ctrl-C.

    Args:
        outputs: The stack's outputs.
        what: Where they go.
        progress: Shows the removal.
    """
    with connect(outputs) as connection:
        remove(connection, what)
    try:
        yield uuid.uuid4().hex[:12]
    finally:
        with progress.step("Removing the measured rows"), connect(outputs) as connection:
            remove(connection, what)


def address(mark: str, number: int) -> str:
    """Return the address of one row."""
    return f"{mark}-{number}@{_DOMAIN}"


def pattern(mark: str) -> str:
    """Return the SQL pattern of a mark's addresses."""
    return f"{mark}-%@{_DOMAIN}"


def insert(connection: psycopg.Connection[dict[str, Any]], what: Measured, mark: str, first: int, last: int) -> None:
    """Insert rows by number, each batch a transaction.

    Args:
        connection: An autocommitting connection.
        what: Where they go.
        mark: Whose rows they are.
        first: The first number.
        last: The last number.
    """
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in (what.marker, *what.constants))
    values = sql.SQL(", ").join(
        [sql.SQL("%s::text || '-' || bench.number || '@' || %s::text"), *[sql.Placeholder() for _ in what.constants]]
    )
    text = "INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(%s::int, %s::int) AS bench(number)"
    statement = sql.SQL(text).format(table=_place(what), names=names, values=values)
    constants = [made_up_rows.value(column, 1) for column in what.constants]
    for begin in range(first, last + 1, _BATCH):
        connection.execute(statement, [mark, _DOMAIN, *constants, begin, min(begin + _BATCH - 1, last)])


def remove(connection: psycopg.Connection[dict[str, Any]], what: Measured) -> int:
    """Remove the rows of every measurement, each batch a transaction.

    Returns:
        How many there were.
    """
    key = sql.SQL(", ").join(map(sql.Identifier, what.table.primary_key))
    statement = sql.SQL("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {marker} LIKE %s LIMIT %s)").format(
        table=_place(what), key=key, marker=sql.Identifier(what.marker.name)
    )
    total = 0
    while number := connection.execute(statement, [pattern("%"), _BATCH]).rowcount:
        total += number
    return total


def _place(what: Measured) -> sql.Identifier:
    return sql.Identifier(what.table.database_schema, what.table.name)
