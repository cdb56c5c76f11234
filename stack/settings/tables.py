"""Typed model of the captured tables; SQL, publication, topics, archive columns and sink routing follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stack.settings import table_rules
from stack.settings.archived_types import archive_type, is_server_text, literal_fault, own_type_fault, type_fault
from stack.settings.column_rules import ColumnRules, as_rules, rule_problems
from stack.settings.default_sql import default_fault
from stack.settings.derived_rules import derived_rules
from stack.settings.section import Section
from stack.settings.sql_names import quoted
from stack.settings.sql_types import EXAMPLES, INTEGERS, family, usual
from stack.settings.types import DatabaseName, Line, SchemaName, SqlIdentifier, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.column_rules import Rule

# Hour partition of the archive, outermost column first; the values are zero-padded strings.
PARTITION_COLUMNS = ("year", "month", "day", "hour")

# Columns that every table of PostgreSQL has.
_SYSTEM_COLUMNS = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
# Types that a trigger can write the time into.
_UPDATED = "updated_at"
_TOUCHED = {"timestamp", "timestamptz", "date"}

_SHOWN = 100


class Column(Section):
    """One column of a captured table."""

    name: SqlIdentifier
    """Column name in the archive, and in the database unless ``databaseName`` says otherwise."""
    database_name: DatabaseName | None = None
    """Column name in an existing database, where the archive cannot have it: with capitals, reserved, or an hour's (``year``)."""
    archived_as: Literal["text"] | None = None
    """``text`` for a type that only the database knows, such as an enum: the archive has PostgreSQL's own text of its values."""
    type: str
    """SQL type; one of those in docs/fidelity.md, an array of one, or PostgreSQL's further name of one."""
    nullable: Switch = False
    """If true, NULL is allowed."""
    default: str | None = None
    """SQL expression of the default value: a literal, a function such as ``now()``, or what is calculated from them."""
    identity: Switch = False
    """If true, the database generates the value."""
    constraint: str = ""
    """Further SQL: ``UNIQUE``, ``CHECK (price >= 0)`` or ``REFERENCES public.users(id)``, of a table above this one."""
    quality: ColumnRules = ColumnRules()
    """Quality rules, beside those that follow from the CHECKs; one of the same key replaces theirs. Only with ``quality.enabled``."""

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in PARTITION_COLUMNS or name.startswith("__"):
            message = (
                f"column name {name!r} is reserved in the archive (hour partition or change metadata): "
                f"rename the column, for example to {name.strip('_') or 'other'}_value"
            )
            raise ValueError(message)
        if name in _SYSTEM_COLUMNS:
            message = f"column name {name!r} is that of a system column, which every table of PostgreSQL has; rename it to {name}_value"
            raise ValueError(message)
        return name

    @field_validator("type")
    @classmethod
    def _archivable(cls, written: str, info: ValidationInfo) -> str:
        sql_type = usual(written)
        fault = own_type_fault(written) if info.data.get("archived_as") else type_fault(sql_type, written)
        if fault:
            raise ValueError(fault)
        return sql_type

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        problems = [*self._default_problems(), *self._identity_problems(), *rule_problems(self, self.quality)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _default_problems(self) -> Iterator[str]:
        if self.default is None:
            return
        if family(self.type) is None:
            fault = literal_fault(self.type, self.default)
            if fault:
                yield f"the default {self.default[:_SHOWN]!r} of column {self.name!r} ({self.type}) cannot be judged ({fault}); drop it"
            return
        fault = default_fault(self.type, self.default)
        if fault:
            yield (
                f"the default {self.default[:_SHOWN]!r} of column {self.name!r} ({self.type}) is none that PostgreSQL takes ({fault}); "
                f"drop it, or write one such as {EXAMPLES[family(self.type) or 'text']}"
            )

    def _identity_problems(self) -> Iterator[str]:
        if not self.identity:
            return
        if self.type not in INTEGERS:
            yield f"column {self.name!r} has identity and type {self.type}: PostgreSQL generates {', '.join(INTEGERS)}; use one of them"
        if self.default is not None:
            yield f"column {self.name!r} has identity and a default, and one value has one origin; drop one of them"
        if self.nullable:
            yield f"column {self.name!r} has identity and is nullable, but PostgreSQL makes it NOT NULL; drop nullable"

    @property
    def in_database(self) -> str:
        """Name in the database, without quotes."""
        return self.database_name or self.name

    @property
    def archive_type(self) -> str:
        """Iceberg type of the column, for example ``decimal(10,2)``."""
        return archive_type(self.type) or "string"

    @property
    def is_server_text(self) -> bool:
        """True if the archive has PostgreSQL's own text of the values, of whichever type they are."""
        return self.archived_as == "text" or is_server_text(self.type)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Quality rules of the column: those that follow from its CHECKs, and its own."""
        derived = {rule.kind: rule for rule in as_rules(self.name, derived_rules(self, self.constraint))}
        return tuple({**derived, **{rule.kind: rule for rule in as_rules(self.name, self.quality)}}.values())

    @property
    def definition(self) -> str:
        """Column definition for CREATE TABLE and ADD COLUMN."""
        parts = [self.name, self.type]
        if self.identity:
            parts.append("GENERATED BY DEFAULT AS IDENTITY")
        if not self.nullable:
            parts.append("NOT NULL")
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.constraint:
            parts.append(self.constraint)
        if self.type == "interval":
            # an infinite one would arrive as zero; docs/adr/0030
            parts.append(f"CHECK (isfinite({self.name}))")
        return " ".join(parts)


class Table(Section):
    """One captured table."""

    name: SqlIdentifier
    """Table name in topic and archive, and in the database unless ``databaseName`` says otherwise."""
    database_name: DatabaseName | None = None
    """Table name in an existing database, where topic and archive cannot have it: with capitals, reserved, or others."""
    columns: tuple[Column, ...] = Field(min_length=1)
    """Columns, in order."""
    primary_key: tuple[str, ...] = ("id",)
    """Names of the key columns; the key orders the changes of a row within its topic partition."""
    key: Literal["primary key", "unique index"] = "primary key"
    """Constraint that makes the key unique in the database; without a primary key, a unique index over columns that are NOT NULL."""
    left_out: dict[DatabaseName, Line] = Field(default={})
    """Columns of an existing database that are not captured, each with the reason."""
    database_schema: SchemaName = "public"
    """PostgreSQL schema of the table; other schemas than ``public`` only in an existing database."""

    @model_validator(mode="after")
    def _consistent(self) -> Table:
        problems = [*table_rules.column_problems(self), *table_rules.key_problems(self), *table_rules.name_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def qualified(self) -> str:
        """Schema and table by which people, topic and archive know it: ``public.users``."""
        return f"{self.database_schema}.{self.name}"

    @property
    def in_database(self) -> str:
        """Schema and table in the database, without quotes: ``public.User``."""
        return f"{self.database_schema}.{self.database_name or self.name}"

    @property
    def sql(self) -> str:
        """Schema and table for SQL, in quotes where they need them: ``public."User"``."""
        return quoted(self.database_schema, self.database_name or self.name)

    @property
    def renamed(self) -> dict[str, str]:
        """Columns that have another name in the archive: name in the database to that in the archive."""
        return {column.in_database: column.name for column in self.columns if column.in_database != column.name}

    @property
    def is_as_created(self) -> bool:
        """True if nothing in the model is for a table that the program did not create."""
        return not (self.database_name or self.left_out or self.renamed or self.key != "primary key")

    @property
    def archive_name(self) -> str:
        """Name of the table in the archive, with its schema as a prefix unless the schema is ``public``."""
        return self.name if self.database_schema == "public" else f"{self.database_schema}_{self.name}"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Quality rules of the table, in the order of its columns."""
        return tuple(rule for column in self.columns for rule in column.rules)

    @property
    def touches_updated_at(self) -> bool:
        """True if a trigger must maintain an ``updated_at`` column: one with the type of a time."""
        return any(column.name == _UPDATED and column.type in _TOUCHED for column in self.columns)

    @property
    def keeps_updated_at(self) -> bool:
        """True if an ``updated_at`` column has a type that no trigger can write the time into."""
        return any(column.name == _UPDATED for column in self.columns) and not self.touches_updated_at


# Columns that the pipeline adds to each row: the change (Debezium's unwrap transform) and its place in Kafka (the sink's InsertField).
# (epoch, topic, partition, offset) identifies a change permanently; the source's sequence orders the changes (pipeline/views/order.py).
METADATA_COLUMNS: tuple[tuple[str, str], ...] = (
    ("__deleted", "string"),
    ("__op", "string"),
    ("__ts_ms", "long"),
    ("__source_ts_ms", "long"),
    ("__source_lsn", "long"),
    ("__source_txId", "long"),
    *((f"__source_{name}", "string") for name in ("sequence", "schema", "table")),
    ("__epoch", "int"),
    ("__topic", "string"),
    ("__kafka_partition", "int"),
    ("__kafka_offset", "long"),
)


def archive_columns(table: Table, *further: str) -> list[tuple[str, str]]:
    """Return name and Iceberg type of each column of a table's archive, and of further ones with text.

    All columns are optional there, since a column dropped at the source must not stop the archive.
    """
    captured = [(column.name, column.archive_type) for column in table.columns]
    return [*captured, *METADATA_COLUMNS, *((name, "string") for name in (*further, *PARTITION_COLUMNS))]
