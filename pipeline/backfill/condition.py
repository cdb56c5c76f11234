"""Condition on the rows of a backfill: comparisons of the table's own columns with literals, and nothing else.

Debezium puts the text into a query that it runs with its own rights, so what is sent is written anew from what was understood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.settings.sql_names import in_quotes, text_literal
from stack.settings.sql_tokens import Reader, SqlError
from stack.settings.sql_types import NUMBERS, family, takes

if TYPE_CHECKING:
    from stack.settings.sql_tokens import Token
    from stack.settings.tables import Table

_SIGNS: Final = ("=", "<>", "!=", "<", "<=", ">", ">=")
_FORM: Final = "write COLUMN SIGN VALUE (=, <>, <, <=, >, >=) or COLUMN between VALUE and VALUE, several with 'and'"


class ConditionError(ValueError):
    """A condition is no simple comparison on the table's columns; the message says what is wrong and what to write."""


def parsed(text: str, table: Table) -> str:
    """Return a condition in the spelling that is sent to the database.

    Args:
        text: The condition as a person writes it, such as ``id between 1 and 1000``.
        table: The table, which has every column of the condition.

    Raises:
        ConditionError: If it is anything but comparisons joined by AND.
    """
    try:
        comparisons = _comparisons(Reader(text), table)
    except SqlError as error:
        message = f"the condition {text!r} is no simple comparison on the columns of {table.qualified} ({error}); {_FORM}"
        raise ConditionError(message) from None
    return " AND ".join(comparisons)


def _comparisons(reader: Reader, table: Table) -> list[str]:
    found = [_comparison(reader, table)]
    while reader.next is not None:
        reader.need("and")
        found.append(_comparison(reader, table))
    return found


def _comparison(reader: Reader, table: Table) -> str:
    name = reader.take()
    columns = {column.name: column for column in table.columns}
    if name.kind != "word" or name.text not in columns:
        message = f"unknown column {name.text!r}; columns: {', '.join(columns)}"
        raise SqlError(message)
    sql_type, column = columns[name.text].type, in_quotes(columns[name.text].in_database)
    if reader.skip("between"):
        least = _literal(reader, sql_type)
        reader.need("and")
        return f"{column} BETWEEN {least} AND {_literal(reader, sql_type)}"
    sign = reader.take()
    if sign.kind != "sign" or sign.text not in _SIGNS:
        message = f"{sign.text!r} is no comparison"
        raise SqlError(message)
    return f"{column} {sign.text} {_literal(reader, sql_type)}"


def _literal(reader: Reader, sql_type: str) -> str:
    negative = reader.skip("-")
    token = reader.take()
    kind = family(sql_type) or "text"
    written = f"-{token.text}" if negative else token.text
    if not _is_literal(token, kind, negative=negative) or not takes(sql_type, written):
        message = f"{written!r} is no value of the type {sql_type}"
        raise SqlError(message)
    if token.kind == "number":
        return written
    # a backslash means itself only by a setting of the server
    if {"\\", "\0"} & set(written):
        message = "a value with a backslash is not sent"
        raise SqlError(message)
    return text_literal(written)


def _is_literal(token: Token, kind: str, *, negative: bool) -> bool:
    if kind in NUMBERS:
        return token.kind == "number"
    if kind == "bool":
        return not negative and token.kind in ("word", "string")
    return not negative and token.kind == "string"
