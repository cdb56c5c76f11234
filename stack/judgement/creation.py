"""Rules for the database that the program creates: roles, names of tables and indexes, and foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem
from stack.settings.column_sql import clauses
from stack.settings.sql_types import families, family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stack.settings.column_sql import Clauses, Reference
    from stack.settings.model import Settings
    from stack.settings.tables import Table

_LONGEST_NAME = 63


def creation_problems(settings: Settings) -> list[Problem]:
    """Return every name and foreign key that PostgreSQL would refuse while the program's SQL creates the database."""
    if not settings.source.is_managed:
        return []
    tables = settings.source.tables
    said = [_clauses_of(table) for table in tables]
    return [*_heartbeat(settings), *_roles(settings), *_relations(settings, said), *_references(tables, said)]


def derived_name(table: str, column: str, suffix: str) -> str:
    """Return the name that PostgreSQL gives an index or a sequence: both parts are shortened, the longer one first."""
    first, second = len(table), len(column)
    while first + second + (2 if column else 1) + len(suffix) > _LONGEST_NAME:
        first, second = (first - 1, second) if first > second else (first, second - 1)
    return "_".join(part for part in (table[:first], column[:second], suffix) if part)


def _heartbeat(settings: Settings) -> Iterator[Problem]:
    heartbeat = settings.names.heartbeat_table
    schema, _, table = heartbeat.partition(".")
    if schema != "public":
        yield Problem(
            path="names.heartbeatTable",
            rule=f"is {heartbeat}, but the program creates tables in schema public only",
            cure=f"name it public.{table}",
        )


def _roles(settings: Settings) -> Iterator[Problem]:
    names = settings.names
    if names.database == "postgres":
        yield Problem(
            path="names.database",
            rule="is postgres, the server's own database, which belongs to its superuser",
            cure="choose another name",
        )
    taken = {names.owner_role, names.app_role, names.catalog_role, "postgres"}
    if names.debezium_role in taken:
        yield Problem(
            path="names.debeziumRole",
            rule=f"is {names.debezium_role}, the name of another role of the database ({', '.join(sorted(taken))})",
            cure="choose another name",
        )


def _clauses_of(table: Table) -> Mapping[str, Clauses]:
    columns = families((column.name, column.type) for column in table.columns)
    return {column.name: clauses(column.constraint, columns) for column in table.columns}


def _relations(settings: Settings, clauses_of: Sequence[Mapping[str, Clauses]]) -> Iterator[Problem]:
    """Check that no table has the name of an index or a sequence of another one: a schema has one name for all of them."""
    heartbeat = settings.names.heartbeat_table.rpartition(".")[2]
    made: dict[str, str] = {derived_name(heartbeat, "", "pkey"): f"the key of {heartbeat}"}
    named_twice: list[tuple[str, str]] = []
    for table, written in zip(settings.source.tables, clauses_of, strict=True):
        made[derived_name(table.name, "", "pkey")] = f"the key of {table.name}"
        for column, said in written.items():
            if said.is_unique and not said.indexes:
                made[derived_name(table.name, column, "key")] = f"the unique column {column} of {table.name}"
            named_twice += [(table.name, name) for name in said.indexes if name in made]
            made |= dict.fromkeys(said.indexes, f"the unique column {column} of {table.name}")
        identities = (column.name for column in table.columns if column.identity)
        made |= {derived_name(table.name, name, "seq"): f"the identity {name} of {table.name}" for name in identities}
    for table_name, name in named_twice:
        yield Problem(path="source.tables", rule=f"a constraint of table {table_name} is {name}, a name in use", cure="choose another name")
    named = [(f"source.tables.{place}.name", table.name) for place, table in enumerate(settings.source.tables)]
    for path, name in (*named, ("names.heartbeatTable", heartbeat)):
        if name in made:
            yield Problem(
                path=path,
                rule=f"is {name}, the name that PostgreSQL gives to the index or sequence for {made[name]}",
                cure="choose another name",
            )


def _references(tables: tuple[Table, ...], clauses_of: Sequence[Mapping[str, Clauses]]) -> Iterator[Problem]:
    """Check that each foreign key refers to a table above it, and there to a unique column of the same type."""
    places = {table.qualified: place for place, table in enumerate(tables)}
    for place, table in enumerate(tables):
        for column, said in clauses_of[place].items():
            for reference in said.references:
                other = places.get(reference.table)
                fault = _reference_fault(tables, place, column, reference, other, clauses_of[other] if other is not None else {})
                if fault:
                    rule = f"column {column} of table {table.name} refers to {reference.table}, {fault[0]}"
                    yield Problem(path=f"source.tables.{place}", rule=rule, cure=fault[1])


def _reference_fault(
    tables: tuple[Table, ...], place: int, column: str, reference: Reference, other: int | None, said: Mapping[str, Clauses]
) -> tuple[str, str] | None:
    if other is None:
        return "which is no captured table, and the program creates no other", "remove REFERENCES, or capture that table too"
    if other > place:
        return "which is created after it", f"move {reference.table} above it in source.tables"
    there, here = tables[other], tables[place]
    target = reference.column if reference.column is not None else there.primary_key[0] if len(there.primary_key) == 1 else None
    types = {one.name: one.type for one in there.columns}
    if target is None or target not in types:
        named = ", ".join(there.primary_key)
        return "whose column is missing or not one", f"name a column of it that is unique, of its key ({named}) or with UNIQUE"
    if there.primary_key != (target,) and not said[target].is_unique:
        return f"whose column {target} is not unique", f"add the constraint UNIQUE to {target}, or refer to another column"
    own = next(one.type for one in here.columns if one.name == column)
    if family(own) != family(types[target]):
        return f"whose column {target} has the type {types[target]} and not {own}", f"give both the type {types[target]}"
    return None
