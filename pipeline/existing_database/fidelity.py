"""Faithful archiving: the typed model of a table, or the obstacles to it with their cures."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from pipeline.existing_database.renaming import free, renamed
from stack.settings.archived_types import BY_SESSION, OF_EXTENSIONS, lost
from stack.settings.sql_names import needs_quotes, quoted
from stack.settings.sql_types import usual
from stack.settings.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.existing_database.facts import SeenColumn, SeenTable

_PRECISION: Final = re.compile(r"\((\d)\)")
_FIELDS: Final = re.compile(r"interval [a-z ]+")
# The server's spelling to the model's; a ``character varying`` without a length is as long as a ``text``
_SPELLINGS: Final = {"character varying": "text"}
# Types that only the database knows, of which the archive has text: enums, composite types, ranges with their multiranges, and some by name
_OWN: Final = frozenset({"e", "c", "r", "m", *OF_EXTENSIONS})

# Another type for each that has no counterpart, as SQL, and what a person should know of it.
# A sum of money is a whole number of 19 digits, and the server's locale says how many of them are decimals: four at most.
_INSTEAD: Final = {"money": ("numeric(23,4)", "numeric(19,2) is enough where the locale's currency has two decimals")}
_UNTRIED: Final = "no test has shown that its values arrive unchanged"
_OTHERWISE: Final = ("text", "or leave the table out with --exclude")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Reason why a table cannot be archived faithfully.

    Attributes:
        table: Qualified name of the table.
        what: The reason, in a sentence without a full stop.
        cure: SQL or another action.
        of_schema: Whether the cure is for the whole schema: once, and after those of its tables.
        left_out: The column without which the table is captured all the same; empty for an obstacle to the table.
        of_two: Whether the cure is for two tables, a parent and its child: once is enough.
    """

    table: str
    what: str
    cure: str
    of_schema: bool = False
    left_out: str = ""
    of_two: bool = False


def model_type(seen: str) -> str:
    """Convert a type to the model's spelling; unknown types stay as they are."""
    plain = _PRECISION.sub("", seen) if seen.startswith(("time", "interval")) else seen
    return _SPELLINGS.get(plain) or usual(_FIELDS.sub("interval", plain))


def _type(column: SeenColumn) -> dict[str, Any]:
    """Return what the model says of a column's type."""
    held = column.base or column.type
    return {"type": held, "archived_as": "text"} if column.kind in _OWN else {"type": model_type(held)}


def modelled(seen: SeenTable, before: Table | None = None, named: str = "") -> tuple[Table | None, list[Obstacle]]:
    """Return the typed model of a table, and the obstacles: all of those that leave no model, or columns that it leaves out.

    Args:
        seen: The table in the system catalogue.
        before: The model in the table file, whose names in the archive and whose left out columns stay.
        named: Name in the archive for a table whose own it cannot have; by default one without regard to other tables.
    """
    key = seen.primary_key or seen.unique
    # in the order in which the cures can be run
    obstacles = [*_table_obstacles(seen, key), *_schema_obstacles(seen)]
    kept = {} if before is None else before.left_out
    names, left_out = _names(seen, before), dict[str, str]()
    for column in seen.columns:
        may_go = column.name not in key
        if may_go and column.name in kept:
            left_out[column.name] = kept[column.name]
            continue
        reasons = _column_reasons(seen, column)
        if may_go and reasons:
            left_out[column.name] = reasons[0][0]
        without = column.name if may_go else ""
        obstacles += [Obstacle(seen.qualified, f"column {column.name}: {what}", cure, left_out=without) for what, cure in reasons]
    if not all(one.left_out for one in obstacles):
        return None, [one for one in obstacles if not one.left_out]
    try:
        columns = [_column(column, names[column.name]) for column in seen.columns if column.name not in left_out]
        name = named or renamed([seen.name], "tbl").get(seen.name, seen.name) if before is None else before.name
        table = Table(
            name=name,
            database_name=seen.name if name != seen.name else None,
            database_schema=seen.schema,
            columns=tuple(columns),
            primary_key=tuple(names[column] for column in key),
            key="primary key" if seen.primary_key else "unique index",
            left_out=left_out,
        )
    except ValidationError as error:
        problems = [problem["msg"].removeprefix("Value error, ") for problem in error.errors()]
        return None, [Obstacle(seen.qualified, problem, "leave the table out with --exclude") for problem in problems]
    return table, obstacles


def _names(seen: SeenTable, before: Table | None) -> dict[str, str]:
    """Return the name in the archive of each column: that of the table file, the database's own, or one close to it."""
    there = [column.name for column in seen.columns]
    own = renamed(there, "col", columns=True)
    given = {} if before is None else {column.in_database: column.name for column in before.columns}
    return {name: given.get(name, own.get(name, name)) for name in there}


def _column(seen: SeenColumn, name: str) -> Column:
    database_name = seen.name if name != seen.name else None
    return Column(name=name, database_name=database_name, nullable=seen.nullable, **_type(seen))


def _schema_obstacles(seen: SeenTable) -> list[Obstacle]:
    if not needs_quotes(seen.schema):
        return []
    cure = f"ALTER SCHEMA {quoted(seen.schema)} RENAME TO {renamed([seen.schema], 'schema')[seen.schema]};"
    what = "the schema's name needs quotes, and topics, files and archive tables use it"
    return [Obstacle(seen.qualified, what, cure, of_schema=True)]


def _table_obstacles(seen: SeenTable, of_key: Sequence[str]) -> list[Obstacle]:
    name, reasons = quoted(seen.schema, seen.name), []
    if not of_key:
        key = free("id", [column.name for column in seen.columns])
        cure = (
            f"ALTER TABLE {name} ADD COLUMN {key} bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;\n"
            f"(or ALTER TABLE {name} ADD PRIMARY KEY over the columns that identify a row)"
        )
        what = "the table has no primary key, and no unique index over columns that are NOT NULL; a key keeps the changes of a row in order"
        reasons.append((what, cure))
    if seen.unlogged:
        reasons.append(("the table is UNLOGGED: the log does not contain its changes", f"ALTER TABLE {name} SET LOGGED;"))
    # a table that has children takes no new key: first those cures that part them
    parting = [Obstacle(seen.qualified, what, cure, of_two=True) for what, cure in _inheritance(seen)]
    return [*parting, *(Obstacle(seen.qualified, what, cure) for what, cure in reasons)]


def _inheritance(seen: SeenTable) -> Iterator[tuple[str, str]]:
    """Yield why a table cannot be captured beside its parents and children, each reason with its cure."""
    name = quoted(seen.schema, seen.name)
    for parent in seen.inherits:
        cure = f"ALTER TABLE {name} NO INHERIT {quoted(*parent)};"
        yield f"the table inherits from {'.'.join(parent)}, whose snapshot would read its rows too", cure
    for child in seen.children:
        what = f"{'.'.join(child)} inherits from the table: a snapshot of the table reads those rows too, and no change of them is captured"
        yield what, f"ALTER TABLE {quoted(*child)} NO INHERIT {name};"


def _column_reasons(seen: SeenTable, column: SeenColumn) -> list[tuple[str, str]]:
    """Return why a column cannot be archived faithfully, each reason with its cure."""
    alter, name, reasons = f"ALTER TABLE {quoted(seen.schema, seen.name)}", quoted(column.name), []
    if column.generated:
        cure = f"{alter} ALTER COLUMN {name} DROP EXPRESSION;\n(and a trigger that fills it)"
        reasons.append(("generated: the log does not contain its values", cure))
    problem = _type_problem(column)
    if problem:
        instead, remark = _instead(column.type)
        known = f"{alter} ALTER COLUMN {name} TYPE {instead};"
        reasons.append((problem, f"{known}\n({remark})" if remark else known))
    if column.inner:
        reasons.append(
            (
                f"type {column.type} has {column.inner} inside, whose text follows {BY_SESSION[column.inner]}",
                f"{alter} ALTER COLUMN {name} TYPE text;",
            )
        )
    if column.namesake:
        cure = f"{alter} ALTER COLUMN {name} TYPE {column.base};\n(or give one of both types another name, and restart the source)"
        reasons.append((f"the domain {column.type} shares its name with {column.namesake}, and Debezium takes one for the other", cure))
    if _is_endless(column):
        cure = f"{alter} ADD CHECK (isfinite({name}));"
        reasons.append(("an infinite interval would arrive as zero", cure))
    return reasons


def _instead(kind: str) -> tuple[str, str]:
    """Return another type as SQL, and a remark; every type can become text."""
    instead, remark = _INSTEAD.get(re.split(r"[ (\[]", kind)[0], _OTHERWISE)
    return (f"{instead}[]" if kind.endswith("[]") and instead != _OTHERWISE[0] else instead), remark


def _type_problem(column: SeenColumn) -> str:
    try:
        Column(name="value", **_type(column))
    except ValidationError:
        reason, _ = lost(column.base or column.type) or (_UNTRIED, "")
        return f"type {column.type} cannot be archived faithfully: {reason}"
    return ""


def _is_endless(column: SeenColumn) -> bool:
    """Return whether a column may hold an infinite interval."""
    return not column.finite and model_type(column.base or column.type) == "interval"


def clashes(tables: Sequence[Table]) -> list[Obstacle]:
    """Return an obstacle for each table that shares its archive name with another."""
    counted = Counter(table.archive_name for table in tables)
    return [
        Obstacle(
            table.qualified,
            f"another table has the same archive name {table.archive_name}",
            "give one of them another name in the table file, with databaseName, or leave it out with --exclude",
        )
        for table in tables
        if counted[table.archive_name] > 1
    ]
