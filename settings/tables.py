"""Typed model of the captured tables; SQL, publication, topics, archive columns and sink routing follow from it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pydantic import Field, field_validator, model_validator

from settings.column_sql import clauses
from settings.default_sql import default_fault
from settings.section import Section
from settings.sql_tokens import SqlError
from settings.sql_types import EXAMPLES, INTEGERS, families, family, usual
from settings.types import SchemaName, SqlIdentifier, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hour partition of the archive, outermost column first; the values are zero-padded strings.
PARTITION_COLUMNS = ("year", "month", "day", "hour")

_SIMPLE_TYPES = {
    "smallint": "int",
    "integer": "int",
    "bigint": "long",
    "boolean": "boolean",
    "real": "float",
    "double precision": "double",
    "text": "string",
    "uuid": "string",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
}
_VARCHAR = re.compile(r"varchar\(([1-9][0-9]{0,8})\)")
_NUMERIC = re.compile(r"numeric\(([1-9][0-9]?),([0-9]{1,2})\)")
# PostgreSQL's own limits: characters of varchar, columns of a table and of a key.
_LONGEST_VARCHAR = 10_485_760
_MOST_COLUMNS = 1600
_MOST_KEY_COLUMNS = 32
# Columns that every table of PostgreSQL has.
_SYSTEM_COLUMNS = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
# Types that a trigger can write the time into.
_UPDATED = "updated_at"
_TOUCHED = {"timestamp", "timestamptz", "date"}

_SHOWN = 100


class Column(Section):
    """One column of a captured table."""

    name: SqlIdentifier
    """Column name, in the database and in the archive."""
    type: str
    """SQL type; one of smallint, integer, bigint, boolean, real, double precision, text, uuid, date, timestamp, timestamptz, varchar(n),
    numeric(p,s), or PostgreSQL's further name of one."""
    nullable: Switch = False
    """If true, NULL is allowed."""
    default: str | None = None
    """SQL expression of the default value: a literal, a function such as ``now()``, or what is calculated from them."""
    identity: Switch = False
    """If true, the database generates the value."""
    constraint: str = ""
    """Further SQL: ``UNIQUE``, ``CHECK (price >= 0)`` or ``REFERENCES public.users(id)``, of a table above this one."""

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
    def _archivable(cls, written: str) -> str:
        sql_type = usual(written)
        varchar, numeric = _VARCHAR.fullmatch(sql_type), _NUMERIC.fullmatch(sql_type)
        if varchar:
            if int(varchar[1]) > _LONGEST_VARCHAR:
                message = f"type {sql_type!r} is longer than PostgreSQL's varchar({_LONGEST_VARCHAR}); use that, or text"
                raise ValueError(message)
            return sql_type
        exact = numeric and int(numeric[2]) <= int(numeric[1]) <= 38  # noqa: PLR2004 - Parquet and Iceberg decimals end at 38 digits
        if sql_type in _SIMPLE_TYPES or exact:
            return sql_type
        known = f"{', '.join(_SIMPLE_TYPES)}, varchar(n), numeric(p,s) with p up to 38"
        message = f"type {written!r} cannot be archived faithfully; use one of {known}"
        raise ValueError(message)

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        problems = [*self._default_problems(), *self._identity_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _default_problems(self) -> Iterator[str]:
        if self.default is None:
            return
        if self.nullable:
            yield (
                f"column {self.name!r} is nullable and has a default: Kafka Connect writes the default where the row has NULL; "
                "make it NOT NULL or drop the default"
            )
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
    def archive_type(self) -> str:
        """Iceberg type of the column, for example ``decimal(10,2)``."""
        numeric = _NUMERIC.fullmatch(self.type)
        if numeric:
            return f"decimal({numeric[1]},{numeric[2]})"
        return _SIMPLE_TYPES.get(self.type, "string")

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
        return " ".join(parts)


class Table(Section):
    """One captured table."""

    name: SqlIdentifier
    """Table name."""
    columns: tuple[Column, ...] = Field(min_length=1)
    """Columns, in order."""
    primary_key: tuple[str, ...] = ("id",)
    """Names of the key columns; the key orders the changes of a row within its topic partition."""
    database_schema: SchemaName = "public"
    """PostgreSQL schema of the table; other schemas than ``public`` only in an existing database."""

    @model_validator(mode="after")
    def _consistent(self) -> Table:
        problems = [*self._column_problems(), *self._key_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _column_problems(self) -> Iterator[str]:
        names = Counter(column.name for column in self.columns)
        twice = sorted(name for name, number in names.items() if number > 1)
        if twice:
            yield f"table {self.name!r} declares {', '.join(twice)} more than once; remove the duplicates"
        if len(self.columns) > _MOST_COLUMNS:
            yield f"table {self.name!r} has {len(self.columns)} columns and PostgreSQL takes {_MOST_COLUMNS}; divide it"
        columns = families((column.name, column.type) for column in self.columns)
        for column in self.columns:
            if not column.constraint:
                continue
            try:
                clauses(column.constraint, columns)
            except SqlError as error:
                yield (
                    f"the constraint {column.constraint[:_SHOWN]!r} of column {column.name!r} of table {self.name!r} is none that "
                    f"PostgreSQL takes ({error}); drop it, or write UNIQUE, CHECK (condition) or REFERENCES table(column)"
                )

    def _key_problems(self) -> Iterator[str]:
        names = [column.name for column in self.columns]
        known = set(names)
        absent = [key for key in self.primary_key if key not in known]
        if absent or not self.primary_key:
            wrong = f"{', '.join(absent[:_MOST_KEY_COLUMNS])} not in {', '.join(names[:_SHOWN])}" if absent else "the key is empty"
            yield f"the primary key of table {self.name!r} must consist of its columns; {wrong}"
        twice = sorted(name for name, number in Counter(self.primary_key).items() if number > 1)
        if twice:
            yield f"the primary key of table {self.name!r} names {', '.join(twice)} more than once; remove the duplicates"
        if len(set(self.primary_key)) > _MOST_KEY_COLUMNS:
            yield f"the primary key of table {self.name!r} has {len(self.primary_key)} columns and PostgreSQL takes {_MOST_KEY_COLUMNS}"

    @property
    def qualified(self) -> str:
        """Schema and table in the spelling of Debezium and SQL: ``public.users``."""
        return f"{self.database_schema}.{self.name}"

    @property
    def archive_name(self) -> str:
        """Name of the table in the archive, with its schema as a prefix unless the schema is ``public``."""
        return self.name if self.database_schema == "public" else f"{self.database_schema}_{self.name}"

    @property
    def touches_updated_at(self) -> bool:
        """True if a trigger must maintain an ``updated_at`` column: one with the type of a time."""
        return any(column.name == _UPDATED and column.type in _TOUCHED for column in self.columns)

    @property
    def keeps_updated_at(self) -> bool:
        """True if an ``updated_at`` column has a type that no trigger can write the time into."""
        return any(column.name == _UPDATED for column in self.columns) and not self.touches_updated_at


# Columns that the pipeline adds to each row: the change (Debezium's unwrap transform) and its place in Kafka (the sink's InsertField).
# (epoch, topic, partition, offset) identifies a change permanently; the sequence of the source orders the changes (views/order.py).
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


def archive_columns(table: Table) -> list[tuple[str, str]]:
    """Return name and Iceberg type of each column of a table's archive.

    All columns are optional there, since a column dropped at the source must not stop the archive.
    """
    captured = [(column.name, column.archive_type) for column in table.columns]
    return [*captured, *METADATA_COLUMNS, *((name, "string") for name in PARTITION_COLUMNS)]
