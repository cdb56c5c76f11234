"""Rows made up from the typed model of a table: enough to prove that changes arrive, whatever the table is about."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stack.settings.tables import Column, Table

    Connection = psycopg.Connection[dict[str, Any]]

_LARGEST: Final = {"oid": 2**32 - 1, "smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
# A value of each turn, of types whose values have a form of their own
_WORDS: Final = {
    '"char"': ("a", "b"),
    "json": ("[1]", "[2]"),
    "jsonb": ("[1]", "[2]"),
    "xml": ("<a/>", "<b/>"),
    "inet": ("10.0.0.1/8", "::1"),
    "cidr": ("10.0.0.0/8", "::/0"),
    "macaddr": ("08:00:2b:01:02:03", "08:00:2b:01:02:04"),
    "macaddr8": ("08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:06"),
    "time": ("03:04:05.123456", "24:00:00"),
    "timetz": ("03:04:05.123456+05:30", "24:00:00-02"),
    "interval": ("1 year 2 mons 03:04:05.123456", "0"),
    "pg_lsn": ("16/B374D848", "0/0"),
    "xid8": ("1", "18446744073709551615"),
    "txid_snapshot": ("10:20:10,14,15", "1:1:"),
    "pg_snapshot": ("10:20:10,14,15", "1:1:"),
    "tsvector": ("'a':1", "'b':2A"),
    "tsquery": ("'a'", "'a' & 'b'"),
    "bytea": ("\\x00ff", "\\x"),
    **dict.fromkeys(("int4range", "int8range", "numrange"), ("[1,5)", "empty")),
    **dict.fromkeys(("daterange", "tsrange", "tstzrange"), ("[2026-01-02,)", "empty")),
    **dict.fromkeys(("int4multirange", "int8multirange", "nummultirange"), ("{[1,5)}", "{}")),
    **dict.fromkeys(("datemultirange", "tsmultirange", "tstzmultirange"), ("{[2026-01-02,)}", "{}")),
}
_BITS: Final = frozenset({"bit", "varbit"})
_REFERENCE: Final = re.compile(r"\bREFERENCES\s+(?:([a-z_0-9]+)\.)?([a-z_0-9]+)(?:\s*\(\s*([a-z_0-9]+)\s*\))?", re.IGNORECASE)
_UNIQUE: Final = re.compile(r"\b(UNIQUE|PRIMARY\s+KEY)\b", re.IGNORECASE)


def is_unique(table: Table, column: Column) -> bool:
    """Return whether the model says that no two rows have the same value in the column."""
    return table.primary_key == (column.name,) or _UNIQUE.search(column.constraint) is not None


def refers(column: Column) -> bool:
    """Return whether the column's values are keys of another table, by the model."""
    return _REFERENCE.search(column.constraint) is not None


def value(column: Column, turn: int, *, unique: bool = False) -> Any:  # noqa: ANN401, PLR0911 - a value of SQL; one for each kind
    """Return a value of the column's type, small and plain so that checks such as ``price >= 0`` accept it.

    Args:
        column: Which column.
        turn: 1 or 2; the other turn's value differs.
        unique: Whether no other row may have it.
    """
    if column.type.endswith("[]"):
        return "{}" if turn == 1 else "{NULL}"
    kind, _, size = column.type.rstrip(")").partition("(")
    if kind in _WORDS or kind in _BITS:
        return _word(kind, size, turn, unique=unique)
    if kind in _LARGEST:
        return 1 + secrets.randbelow(_LARGEST[kind]) if unique else turn
    if kind == "numeric":
        return _decimal(turn, *map(int, (size or "38,9").split(",")), unique=unique)
    if kind in {"text", "varchar", "char", "name"}:
        size = size or ("1" if kind == "char" else "63" if kind == "name" else "")
        # The random part comes first, so that it is left of a short one.
        return f"{secrets.token_hex(8)} made up {turn}"[: int(size) if size else None] if unique else f"made up {turn}"[: int(size or 99)]
    if kind == "uuid":
        return uuid.uuid4()
    # six digits, of which the last counts
    now = (dt.datetime.now(dt.UTC) - dt.timedelta(days=turn)).replace(microsecond=turn * 100_000 + 23_457)
    others = {"boolean": turn > 1, "date": now.date(), "timestamp": now.replace(tzinfo=None), "timestamptz": now}
    return others.get(kind, turn + 0.5)


def _word(kind: str, size: str, turn: int, *, unique: bool) -> str:
    if kind in _BITS:
        return str(turn - 1) * int(size or 1)
    return f"\\x{secrets.token_hex(16)}" if unique and kind == "bytea" else _WORDS[kind][turn - 1]


def _decimal(turn: int, precision: int, scale: int, *, unique: bool) -> Decimal:
    if unique:
        return Decimal(1 + secrets.randbelow(10**precision - 1)).scaleb(-scale)
    return Decimal(turn) if precision > scale >= 0 else Decimal(turn).scaleb(-scale)


def change(connection: Connection, table: Table, tables: Sequence[Table]) -> str | None:
    """Insert a row and delete it, insert another and change it, in one transaction.

    The first has only what it must have, the second a value in every column without default.

    Args:
        connection: One that commits by itself.
        table: Which table.
        tables: All tables, those that it refers to among them.

    Returns:
        Why the database takes no made-up row, or None when it did.
    """
    # of a type that only the database knows no value can be made up
    wanted = [
        column
        for column in table.columns
        if not column.identity and column.default is None and not (column.archived_as and column.nullable)
    ]
    required = [column for column in wanted if not column.nullable]
    try:
        with connection.transaction():
            _run(connection, "DELETE FROM {table} WHERE {row}", table, row=_insert(connection, table, required, tables))
            try:
                with connection.transaction():
                    row = _insert(connection, table, wanted, tables)
            except psycopg.IntegrityError:  # a check on a column that may as well be NULL
                row = _insert(connection, table, required, tables)
            _update(connection, table, row)
    except psycopg.OperationalError:
        raise
    except psycopg.DatabaseError as error:
        return error.diag.message_primary or type(error).__name__
    return None


def _insert(connection: Connection, table: Table, columns: Iterable[Column], tables: Sequence[Table]) -> Mapping[str, Any]:
    """Insert a row and return its key."""
    values = {column.name: _shown(table, column, tables) for column in columns}
    names, key = (sql.SQL(", ").join(map(sql.Identifier, part)) for part in (values, table.primary_key))
    filled = sql.SQL("({}) VALUES ({})").format(names, sql.SQL(", ").join(values.values())) if values else sql.SQL("DEFAULT VALUES")
    (row,) = _run(connection, "INSERT INTO {table} {filled} RETURNING {key}", table, filled=filled, key=key).fetchall()
    return row


def _shown(table: Table, column: Column, tables: Sequence[Table]) -> sql.Composable:
    """Return a value as SQL; a reference takes the newest row of the other table."""
    if column.archived_as:
        # an enum, most likely
        return sql.SQL(f"(enum_range(NULL::{column.type}))[1]")
    reference = _REFERENCE.search(column.constraint)
    if reference is None:
        return sql.Literal(value(column, 1, unique=is_unique(table, column)))
    schema, name, key = reference[1] or "public", reference[2], reference[3]
    keys = {(other.database_schema, other.name): other.primary_key[0] for other in tables}
    place, target = sql.Identifier(schema, name), sql.Identifier(key or keys.get((schema, name), "id"))
    return sql.SQL("(SELECT {target} FROM {place} ORDER BY {target} DESC LIMIT 1)").format(target=target, place=place)


def _update(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Change the first column that can be; a table may have none."""
    free = [
        column
        for column in table.columns
        if not (column.identity or column.archived_as or column.name in table.primary_key or is_unique(table, column) or refers(column))
    ]
    for column in sorted(free, key=lambda column: (column.default is not None, bool(column.constraint))):
        try:
            with connection.transaction():
                change = {"column": sql.Identifier(column.name), "value": sql.Literal(value(column, 2))}
                _run(connection, "UPDATE {table} SET {column} = {value} WHERE {row}", table, row=row, **change)
        except psycopg.IntegrityError:
            continue
        return


def _run(
    connection: Connection, text: str, table: Table, row: Mapping[str, Any] | None = None, **parts: sql.Composable
) -> psycopg.Cursor[dict[str, Any]]:
    equal = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(part)) for name, part in (row or {}).items()]
    place = sql.Identifier(table.database_schema, table.name)
    return connection.execute(sql.SQL(text).format(table=place, row=sql.SQL(" AND ").join(equal), **parts))
