"""The captured tables at each point of a text: as the model has them, changed by the statements before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.ddl import defaults
from pipeline.ddl.avro_schemas import Field
from pipeline.ddl.names import Name
from pipeline.ddl.types import Type, of_spelling
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.ddl.stack import Stack
    from stack.settings.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Col:
    """A column of a captured table.

    Attributes:
        name: Name in the database.
        archive_name: Name in topic and archive.
        type: Its type.
        nullable: Whether it allows NULL.
        default: Its default.
        declared: Whether the model has it, and not only a statement of the text.
    """

    name: str
    archive_name: str
    type: Type
    nullable: bool
    default: defaults.Default
    declared: bool = True

    def field(self, unknown_default: bool) -> Field:  # noqa: FBT001 - one of two cases, of which both are tried
        """Return the column as the registry's schema has it.

        Args:
            unknown_default: Default that is assumed where it is unknown.
        """
        seen = unknown_default if self.default.seen is None else self.default.seen
        return Field(self.archive_name, self.type.archived or "string", self.nullable, default=seen and not self.nullable)


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured table.

    Attributes:
        model: The table in the model.
        name: Schema and name in the database.
        columns: Columns by name in the database, in order; without those that are left out.
        key: Columns of the key, by name in the database.
    """

    model: Table
    name: Name
    columns: dict[str, Col]
    key: tuple[str, ...]

    @property
    def sql(self) -> str:
        """Schema and name for SQL."""
        return quoted(self.name.schema, self.name.name)

    def with_column(self, column: Col) -> Captured:
        """Return the table with a column added, or changed at its place."""
        return replace(self, columns={**self.columns, column.name: column})

    def without(self, name: str) -> Captured:
        """Return the table without a column."""
        return replace(self, columns={other: column for other, column in self.columns.items() if other != name})

    def renamed(self, old: str, new: Col) -> Captured:
        """Return the table with a column under another name, at the same place."""
        columns = {(new.name if name == old else name): (new if name == old else column) for name, column in self.columns.items()}
        return replace(self, columns=columns, key=tuple(new.name if name == old else name for name in self.key))


@dataclass(slots=True)
class State:
    """Everything that the statements change.

    Attributes:
        stack: The stack.
        tables: Captured tables by schema and name in the database; one that is gone is not among them.
        path: Schemas in which a name without one is looked for; None if unknown.
        own: Types of the database itself that are known to be archived as text.
        in_transaction: Whether a BEGIN of the text is open.
        whole: Relations that some statement of the text gives replica identity FULL, with their schemas.
        renamed: Names that captured tables have got by a statement of the text, with their schemas.
    """

    stack: Stack
    tables: dict[str, Captured]
    path: tuple[str, ...] | None = ("public",)
    own: set[str] = field(default_factory=set)
    in_transaction: bool = False
    whole: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, stack: Stack) -> State:
        """Return the state before the first statement."""
        own = {column.type.removesuffix("[]") for table in stack.tables for column in table.columns if column.archived_as}
        tables = {table.in_database: _captured(stack, table) for table in stack.tables}
        return cls(stack, tables, own=own | {name.removeprefix("public.") for name in own})

    def resolve(self, name: Name) -> Name | None:
        """Return a name with its schema: the first of the path that has a captured table of this name, or None if unknown."""
        if name.schema:
            return name
        schemas = self.path
        if schemas is None:
            return None
        found = next((name.within(schema) for schema in schemas if name.within(schema).full in self.tables), None)
        if found is None and any(table.name.name == name.name for table in self.tables.values()):
            # the server's own search path may lead to that one
            return None
        return found or name.within(schemas[0] if schemas else "public")

    def captured(self, name: Name) -> Captured | None:
        """Return the captured table of a name with its schema."""
        return self.tables.get(name.full)

    def put(self, table: Captured) -> None:
        """Store a changed table."""
        self.tables[table.name.full] = table

    def with_type(self, spellings: Sequence[str]) -> list[Captured]:
        """Return the captured tables with a column of one of these types, or of an array of it."""
        return [
            table
            for table in self.tables.values()
            if any(column.type.spelling.removesuffix("[]") in spellings for column in table.columns.values())
        ]


def _captured(stack: Stack, table: Table) -> Captured:
    columns = [_column(stack, column) for column in table.columns]
    there = {column.name: column.in_database for column in table.columns}
    schema, _, name = table.in_database.partition(".")
    key = tuple(there[name] for name in table.primary_key)
    return Captured(table, Name(schema, name), {column.name: column for column in columns}, key)


def _column(stack: Stack, column: Column) -> Col:
    known = Type(column.type, "string", own=True) if column.archived_as else of_spelling(column.type)
    if stack.is_managed:
        text = column.default
        default = defaults.NO_DEFAULT if text is None else defaults.of_text(text, column.type)
    else:
        # the table file does not say
        default = defaults.NOT_TOLD
    return Col(column.in_database, column.name, known, column.nullable, default)
