"""Row-for-row comparison of the database with what the archive says the database holds."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from providers.waiting import Patience
from sandbox import connectors
from stack.configs.session import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.reading.archive import Archive
    from providers.waiting import Display
    from stack.settings.tables import Table

_POLL_S = 1.0
# By the type's output function: a cast would cut the blanks of a char(n)
_AS_TEXT = sql.SQL("CASE WHEN {0}::text IS NOT NULL THEN format('%s', {0}) END AS {0}")
_SHOWN = 5
# The first restarts of what has failed come after 15 and 30 s.
_FAILED_PATIENCE_S = 90.0


class DifferenceError(AssertionError):
    """Database and archive did not agree in time; the message names rows and columns."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs.

    Attributes:
        table: Table name.
        key: Key of the row.
        text: What differs.
    """

    table: str
    key: object
    text: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.table} {self.key}: {self.text}"


def connect(outputs: Mapping[str, Any]) -> psycopg.Connection[dict[str, Any]]:
    """Connect to the captured database as the application, by TLS; on 127.0.0.1 the certificate's name is not compared."""
    database = outputs["postgres"]
    return psycopg.connect(
        host=database["host"],
        port=database["port"],
        dbname=database["database"],
        user=database["user"],
        password=database["password"],
        sslmode="require",
        options=OPTIONS,
        autocommit=True,
        row_factory=dict_row,
    )


def database_rows(connection: psycopg.Connection[dict[str, Any]], table: Table) -> dict[Any, dict[str, Any]]:
    """All rows of a table by key."""
    place = sql.Identifier(*table.in_database.split(".", 1))
    types, renamed = {column.in_database: column.type for column in table.columns}, table.renamed
    texts = {column.in_database for column in table.columns if column.is_server_text}
    # also columns that the model does not have
    there = [column.name for column in connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(place)).description or ()]
    names = [name for name in there if name not in table.left_out]
    shown = sql.SQL(", ").join(_AS_TEXT.format(sql.Identifier(name)) if name in texts else sql.Identifier(name) for name in names)
    found = connection.execute(sql.SQL("SELECT {} FROM {}").format(shown, place))
    rows = ({renamed.get(name, name): _as_archived(types.get(name), value) for name, value in row.items()} for row in found)
    return {tuple(row[part] for part in table.primary_key): row for row in rows}


def _as_archived(sql_type: str | None, value: object) -> object:
    """Return a value as readers of the archive see it: a UUID as text, a number of single precision as its nearest double."""
    if isinstance(value, UUID):
        return str(value)
    return struct.unpack("f", struct.pack("f", value))[0] if sql_type == "real" and isinstance(value, float) else value


def differences(table: Table, rows: Mapping[Any, Mapping[str, Any]], archived: Mapping[Any, Mapping[str, Any]]) -> list[Difference]:
    """Compare the archive's view with the database, by key and by value.

    Args:
        table: Which table.
        rows: The database's rows by key.
        archived: The archive's current rows by key; columns it adds are not compared.
    """
    found = [Difference(table.name, key, "is in the database and not in the archive") for key in rows.keys() - archived.keys()]
    found += [Difference(table.name, key, "is in the archive and not in the database") for key in archived.keys() - rows.keys()]
    for key in rows.keys() & archived.keys():
        wrong = [
            f"{column} is {value!r} in the database and {archived[key].get(column)!r} in the archive"
            for column, value in rows[key].items()
            if not _is_same(value, archived[key].get(column))
        ]
        if wrong:
            found.append(Difference(table.name, key, "; ".join(wrong)))
    return sorted(found, key=str)


def _is_same(value: object, archived: object) -> bool:
    """Return whether two values are one; NaN, which differs from itself in Python, is one value in a database."""
    return value == archived or (value != value and archived != archived)  # noqa: PLR0124 - true of NaN alone


def compare(outputs: Mapping[str, Any], archive: Archive, tables: Sequence[Table]) -> list[Difference]:
    """Every difference at this moment."""
    with connect(outputs) as connection:
        return [
            difference
            for table in tables
            for difference in differences(table, database_rows(connection, table), archive.current(table.archive_name, table.primary_key))
        ]


def wait_until_equal(
    outputs: Mapping[str, Any], archive: Archive, tables: Sequence[Table], timeout_s: float, step: Display | None = None
) -> float:
    """Wait until database and archive hold the same rows.

    Returns:
        Seconds it took.

    Raises:
        DifferenceError: If they still differ after ``timeout_s`` seconds.
        ConnectorFailedError: If tasks have failed and after 90 s and some restarts still nothing more arrives.
    """
    patience = Patience(timeout_s, display=step)
    failing_since, fewest = math.inf, math.inf
    while True:
        found = compare(outputs, archive, tables)
        elapsed = patience.spent
        if not found:
            return elapsed
        if len(found) < fewest:
            failing_since, fewest = math.inf, len(found)
        failed = connectors.failures(outputs)
        if failed:
            failing_since = min(failing_since, elapsed)
            if elapsed - failing_since > _FAILED_PATIENCE_S:
                connectors.refuse(failed)
        trouble = f"; {len(failed)} failed task(s) are being restarted" if failed else ""
        if not patience.go_on(f"{len(found)} row(s) to reach the archive, for example {found[0]}{trouble}", _POLL_S):
            shown = "\n".join(f"  {difference}" for difference in found[:_SHOWN])
            message = f"after {elapsed:.0f} s {len(found)} row(s) differ between database and archive:\n{shown}"
            raise DifferenceError(message)
