"""Rules of one captured table that concern several of its columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from stack.settings.archived_types import is_ordered
from stack.settings.column_sql import clauses
from stack.settings.sql_tokens import SqlError
from stack.settings.sql_types import families, family

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

# PostgreSQL's own limits: columns of a table and of a key.
_MOST_COLUMNS: Final = 1600
_MOST_KEY_COLUMNS: Final = 32
_SHOWN: Final = 100


class AnyColumn(Protocol):
    """A column, as far as these rules need it."""

    @property
    def name(self) -> str:
        """Name in the archive."""

    @property
    def in_database(self) -> str:
        """Name in the database."""

    @property
    def type(self) -> str:
        """SQL type."""

    @property
    def constraint(self) -> str:
        """Further SQL."""


class AnyTable(Protocol):
    """A table, as far as these rules need it."""

    @property
    def name(self) -> str:
        """Name in the archive."""

    @property
    def columns(self) -> Sequence[AnyColumn]:
        """Captured columns."""

    @property
    def primary_key(self) -> Sequence[str]:
        """Names of the key columns."""

    @property
    def left_out(self) -> Collection[str]:
        """Names in the database of columns that are not captured."""


def column_problems(table: AnyTable) -> Iterator[str]:
    """Yield columns that are declared twice, too many of them, and constraints that PostgreSQL does not take."""
    names = Counter(column.name for column in table.columns)
    twice = sorted(name for name, number in names.items() if number > 1)
    if twice:
        yield f"table {table.name!r} declares {', '.join(twice)} more than once; remove the duplicates"
    if len(table.columns) > _MOST_COLUMNS:
        yield f"table {table.name!r} has {len(table.columns)} columns and PostgreSQL takes {_MOST_COLUMNS}; divide it"
    columns = families((column.name, column.type) for column in table.columns if family(column.type))
    for column in table.columns:
        if not column.constraint:
            continue
        if not is_ordered(column.type):
            yield f"column {column.name!r} of table {table.name!r} has a constraint, and PostgreSQL compares no {column.type}; drop it"
        try:
            clauses(column.constraint, columns)
        except SqlError as error:
            yield (
                f"the constraint {column.constraint[:_SHOWN]!r} of column {column.name!r} of table {table.name!r} is none that "
                f"PostgreSQL takes ({error}); drop it, or write UNIQUE, CHECK (condition) or REFERENCES table(column)"
            )


def key_problems(table: AnyTable) -> Iterator[str]:
    """Yield what is wrong with the key: columns that are none of the table's, or are named twice, or too many."""
    names = [column.name for column in table.columns]
    known = set(names)
    absent = [key for key in table.primary_key if key not in known]
    if absent or not table.primary_key:
        wrong = f"{', '.join(absent[:_MOST_KEY_COLUMNS])} not in {', '.join(names[:_SHOWN])}" if absent else "the key is empty"
        yield f"the primary key of table {table.name!r} must consist of its columns; {wrong}"
    unordered = [column.name for column in table.columns if column.name in table.primary_key and not is_ordered(column.type)]
    if unordered:
        yield f"the primary key of table {table.name!r} has {', '.join(unordered)}, and PostgreSQL makes no key of such a type"
    twice = sorted(name for name, number in Counter(table.primary_key).items() if number > 1)
    if twice:
        yield f"the primary key of table {table.name!r} names {', '.join(twice)} more than once; remove the duplicates"
    if len(set(table.primary_key)) > _MOST_KEY_COLUMNS:
        yield f"the primary key of table {table.name!r} has {len(table.primary_key)} columns and PostgreSQL takes {_MOST_KEY_COLUMNS}"


def name_problems(table: AnyTable) -> Iterator[str]:
    """Yield two columns for one of the database, and a column that is both captured and left out."""
    there = Counter(column.in_database for column in table.columns)
    twice = sorted(name for name, number in there.items() if number > 1)
    if twice and len({column.name for column in table.columns}) == len(table.columns):
        yield f"table {table.name!r} has two columns for {', '.join(map(repr, twice))} of the database; remove one"
    both = sorted(set(table.left_out) & set(there))
    if both:
        yield f"table {table.name!r} captures {', '.join(map(repr, both))} and leaves it out; remove it from columns or from leftOut"
