"""A person's question to one archived table, in DuckDB's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb

from pipeline.reading.archive import Archive
from pipeline.reading.store import Store
from pipeline.views.dialects import DIALECTS
from pipeline.views.files import locations, relation
from pipeline.views.states import known_state

if TYPE_CHECKING:
    from pipeline.reading.stack import RunningStack
    from stack.settings.tables import Table

CHANGES: Final = "changes"
"""Name of all archived rows in a question; the table's own name in the archive is that of its present rows."""


class QueryError(Exception):
    """The question has no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a question.

    Attributes:
        columns: Names of the columns.
        rows: Values of each row.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def answer(stack: RunningStack, table: Table, sql: str) -> Answer:
    """Return the rows of one SELECT over ``changes`` and over the table's own name.

    Args:
        stack: A stack that is up.
        table: A table that it captures.
        sql: The statement.

    Raises:
        QueryError: If it is no single SELECT, DuckDB refuses it, or the archive cannot be read.
    """
    try:
        statements = duckdb.extract_statements(sql)
        if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
            message = "write one SELECT statement"
            raise QueryError(message)
        result = _opened(stack, table).execute(statements[0])
        return Answer(tuple(column[0] for column in result.description or ()), tuple(result.fetchall()))
    except duckdb.Error as error:
        raise QueryError(str(error).strip()) from None


def _opened(stack: RunningStack, table: Table) -> duckdb.DuckDBPyConnection:
    """Return a connection with both views."""
    location = locations(stack.settings).get(table.qualified)
    try:
        if location is None:
            connection = Archive(stack.outputs).opened(table.archive_name)
        else:
            connection = Store(stack.outputs["reader"]).database()
            connection.execute(f"CREATE TEMP VIEW {CHANGES} AS SELECT * FROM {relation('duckdb', table, '', location)}")  # noqa: S608 - as named
        columns = [str(name) for name, *_ in connection.execute(f"DESCRIBE {CHANGES}").fetchall()]
    # whatever the clients of catalog and store raise
    except Exception as error:  # noqa: BLE001
        message = f"the archived table {table.archive_name} cannot be read: {type(error).__name__}: {str(error).strip().splitlines()[0]}"
        raise QueryError(message) from None
    if table.archive_name != CHANGES:
        duckdb_, epoch = DIALECTS["duckdb"], stack.settings.streaming.epoch if "__epoch" in columns else None
        own = ", ".join(duckdb_.quoted(column.name) for column in table.columns if column.name in columns)
        present = known_state(duckdb_, CHANGES, table.primary_key, columns, epoch)
        connection.execute(f"CREATE TEMP VIEW {duckdb_.quoted(table.archive_name)} AS SELECT {own} FROM ({present})")  # noqa: S608 - the same
    return connection
