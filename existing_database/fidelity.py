"""Faithful archiving: the typed model of a table, or the obstacles to it with their cures."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from settings.tables import PARTITION_COLUMNS, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from existing_database.facts import SeenColumn, SeenTable

_IDENTIFIER: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PRECISION: Final = re.compile(r"\((\d)\)")
# The server's spelling to the model's; a ``character varying`` without a length is as long as a ``text``
_SPELLINGS: Final = {
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "character varying": "text",
}

_INSTEAD: Final = {
    "numeric": "numeric(38,9), or as many digits as it needs",
    "character": "varchar of the same length, or text",
    "json": "text",
    "jsonb": "text",
    "money": "numeric(19,2)",
    "time": "text, or timestamp",
    "bytea": "text (base64)",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Reason why a table cannot be archived faithfully.

    Attributes:
        table: Qualified name of the table.
        what: The reason, in a sentence without a full stop.
        cure: SQL or another action.
    """

    table: str
    what: str
    cure: str


def model_type(seen: str) -> str:
    """Convert a type to the model's spelling; unknown types stay as they are."""
    plain = _PRECISION.sub("", seen) if seen.startswith("timestamp") else seen
    if plain in _SPELLINGS:
        return _SPELLINGS[plain]
    return plain.replace("character varying(", "varchar(")


def quoted(*parts: str) -> str:
    """Quote a name for SQL where necessary."""
    return ".".join(part if _IDENTIFIER.fullmatch(part) else '"' + part.replace('"', '""') + '"' for part in parts)


def modelled(seen: SeenTable) -> tuple[Table | None, list[Obstacle]]:
    """Return the typed model of a table, or all obstacles to it.

    Args:
        seen: The table in the system catalogue.
    """
    obstacles = [*_table_obstacles(seen), *(obstacle for column in seen.columns for obstacle in _column_obstacles(seen, column))]
    if obstacles:
        return None, obstacles
    columns = tuple(Column(name=column.name, type=model_type(column.type), nullable=column.nullable) for column in seen.columns)
    try:
        return Table(name=seen.name, database_schema=seen.schema, columns=columns, primary_key=seen.primary_key), []
    except ValidationError as error:
        problems = [problem["msg"].removeprefix("Value error, ") for problem in error.errors()]
        return None, [Obstacle(seen.qualified, problem, "leave the table out with --exclude") for problem in problems]


def _table_obstacles(seen: SeenTable) -> list[Obstacle]:
    name, reasons = quoted(seen.schema, seen.name), []
    if not (_IDENTIFIER.fullmatch(seen.schema) and _IDENTIFIER.fullmatch(seen.name)):
        reasons.append(("the name needs quotes, and topics, files and archive tables use it", _rename(seen)))
    if not seen.primary_key:
        reasons.append(
            ("the table has no primary key, which keeps the changes of a row in order", f"ALTER TABLE {name} ADD PRIMARY KEY (<columns>);")
        )
    if seen.unlogged:
        reasons.append(("the table is UNLOGGED: the log does not contain its changes", f"ALTER TABLE {name} SET LOGGED;"))
    if seen.inherits:
        reasons.append(
            ("the table inherits from another, whose snapshot would read its rows too", f"ALTER TABLE {name} NO INHERIT <parent>;")
        )
    return [Obstacle(seen.qualified, what, cure) for what, cure in reasons]


def _rename(seen: SeenTable) -> str:
    lower = re.sub(r"[^a-z0-9_]", "_", seen.name.lower())
    if not _IDENTIFIER.fullmatch(seen.schema):
        return f"ALTER SCHEMA {quoted(seen.schema)} RENAME TO {re.sub(r'[^a-z0-9_]', '_', seen.schema.lower())};"
    return f"ALTER TABLE {quoted(seen.schema, seen.name)} RENAME TO {lower};"


def _column_obstacles(seen: SeenTable, column: SeenColumn) -> list[Obstacle]:
    alter, name, reasons = f"ALTER TABLE {quoted(seen.schema, seen.name)}", quoted(column.name), []
    if not _IDENTIFIER.fullmatch(column.name):
        lower = re.sub(r"[^a-z0-9_]", "_", column.name.lower())
        reasons.append(("the name needs quotes", f"{alter} RENAME COLUMN {name} TO {lower};"))
    elif column.name in PARTITION_COLUMNS or column.name.startswith("__"):
        cure = f"{alter} RENAME COLUMN {name} TO {column.name.strip('_')}_value;"
        reasons.append(("the archive reserves the name (hour partition or change metadata)", cure))
    if column.generated:
        cure = f"{alter} ALTER COLUMN {name} DROP EXPRESSION; (and a trigger that fills it)"
        reasons.append(("generated: the log does not contain its values", cure))
    if column.nullable and column.default:
        cure = f"{alter} ALTER COLUMN {name} DROP DEFAULT;\nor {alter} ALTER COLUMN {name} SET NOT NULL;"
        reasons.append(("nullable with a default: Kafka Connect would write the default where the row has NULL", cure))
    problem = _type_problem(column)
    if problem:
        known = _INSTEAD.get(re.split(r"[ (\[]", column.type)[0], "a type of the model, or leave the table out")
        reasons.append((problem, f"{alter} ALTER COLUMN {name} TYPE {known};"))
    return [Obstacle(seen.qualified, f"column {column.name}: {what}", cure) for what, cure in reasons]


def _type_problem(column: SeenColumn) -> str:
    if column.type == "numeric":
        return "numeric without a precision has no counterpart in Parquet, whose decimals have at most 38 digits and a fixed scale"
    try:
        Column(name="value", type=model_type(column.type))
    except ValidationError:
        return f"type {column.type} cannot be archived faithfully"
    return ""


def clashes(tables: Sequence[Table]) -> list[Obstacle]:
    """Return an obstacle for each table that shares its archive name with another."""
    counted = Counter(table.archive_name for table in tables)
    return [
        Obstacle(table.qualified, f"another table has the same archive name {table.archive_name}", "leave one of them out with --exclude")
        for table in tables
        if counted[table.archive_name] > 1
    ]
