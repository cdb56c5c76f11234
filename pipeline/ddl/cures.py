"""Steps that a person takes, to the letter: commands, statements, and lines of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.ddl.stack import Stack
    from pipeline.ddl.state import Captured, Col
    from pipeline.ddl.subjects import Subject

NULLS_KEPT: Final = (
    "a NULL from before that the source reads afterwards stays NULL, in a row with the schema from before, which the registry has; of "
    "several such columns, a row with NULL in some only has a schema that the registry does not have, and level FULL refuses it"
)
"""Consequence of a column that becomes NOT NULL."""

NULLS_FIRST: Final = "wait until no row has NULL there and the source has no lag"
"""Step before a column becomes NOT NULL."""

_LONGEST: Final = 400


def up(stack: Stack) -> str:
    """Return the command that applies a changed model."""
    return "make sandbox" if stack.name == "sandbox" else f"make up STACK={stack.name}"


def read_again(stack: Stack, table: Captured) -> str:
    """Return the command that reads a table again."""
    return f".venv/bin/python -m pipeline backfill start --stack {stack.name} --table {table.model.qualified}"


def doctor(stack: Stack) -> str:
    """Return the command that compares the database with the model."""
    return f"make doctor STACK={stack.name}"


def tables_file(stack: Stack) -> str:
    """Return the command that writes the table file anew."""
    return f"make tables STACK={stack.name}"


def statement(text: str) -> str:
    """Return a statement of the text as a step, on one line."""
    line = " ".join(text.split())
    return f"{line if len(line) <= _LONGEST else f'{line[:_LONGEST]} …'};"


def registry_address(stack: Stack) -> str:
    """Return how to get the address that the other steps for the registry use."""
    if stack.name == "sandbox":
        return "REGISTRY=… # url of 'registry' in: .venv/bin/python -m pipeline sandbox outputs --json; curl asks for the password there"
    return f"REGISTRY=… # url of: pulumi stack output registry --show-secrets --stack {stack.name}; curl asks for the password there"


def with_level(stack: Stack, table: Captured, subjects: Iterable[Subject], statements: Iterable[str]) -> tuple[str, ...]:
    """Return statements within a weaker level of the subjects that the registry would refuse.

    Args:
        stack: The stack.
        table: The table after the statements.
        subjects: The subjects that are refused, with the strictest level that takes each.
        statements: The statements.
    """
    refused, curl = list(subjects), f"curl --fail --user {stack.registry_user}"
    header = "--header 'Content-Type: application/json'"
    lower = (
        f'{curl} --request PUT {header} --data \'{{"compatibility": "{one.least}"}}\' "$REGISTRY/config/{one.name}"' for one in refused
    )
    again = (f'{curl} --request DELETE "$REGISTRY/config/{one.name}" # the registry\'s own level again' for one in refused)
    return (
        registry_address(stack),
        *lower,
        *statements,
        f"{touch(table)} -- the first change registers the new schema",
        f'{curl} "$REGISTRY/subjects/{refused[0].name}/versions/latest" # until it shows the new schema',
        *again,
    )


def touch(table: Captured) -> str:
    """Return a statement that changes one row of a table without changing it."""
    # an identity that is generated always takes no value, and a key mostly is one
    others = [name for name in table.columns if name not in table.key]
    column = quoted(next(iter(others or table.columns), "id"))
    return f"UPDATE {table.sql} SET {column} = {column} WHERE ctid = (SELECT ctid FROM {table.sql} LIMIT 1);"


def model_line(stack: Stack, column: Col, *, extra: str = "") -> str:
    """Return a column as the model has it: a line of the table file, or of stack/settings/shop.py.

    Args:
        stack: The stack.
        column: The column.
        extra: SQL of a default, which only the model of the program's own tables has.
    """
    if stack.is_managed:
        nullable = ", nullable=True" if column.nullable else ""
        default = f", default={extra!r}" if extra else ""
        return f'Column(name="{column.archive_name}", type="{column.type.spelling}"{nullable}{default}),'
    return _line(
        {
            "name": column.archive_name,
            **({"databaseName": column.name} if column.name != column.archive_name else {}),
            "type": column.type.spelling,
            **({"archivedAs": "text"} if column.type.own else {}),
            **({"nullable": True} if column.nullable else {}),
        }
    )


def changed_type(stack: Stack, column: Col) -> str:
    """Return how the model says another type of a column that it has; see ``model_line``."""
    return f'Column(name="{column.archive_name}", …): type="{column.type.spelling}"' if stack.is_managed else model_line(stack, column)


def changed_nullability(stack: Stack, column: Col) -> str:
    """Return how the model says that a column allows NULL, or no more; see ``model_line``."""
    if stack.is_managed:
        return f'Column(name="{column.archive_name}", …): {"with" if column.nullable else "without"} nullable=True'
    return model_line(stack, column)


def scalar(text: str) -> str:
    """Return a text as a value of YAML."""
    return _line({"it": text})[len("{it: ") : -1]


def left_out_line(name: str, reason: str) -> str:
    """Return the line of the table file that leaves a column out."""
    return f"leftOut: {_line({name: reason})}"


def _line(values: dict[str, object]) -> str:
    text: str = yaml.safe_dump(values, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.strip()


def where(stack: Stack, table: Captured) -> str:
    """Return where the model has a table."""
    place = "stack/settings/shop.py (or the file in source.tables)" if stack.is_managed else "the table file (source.tables)"
    return f"in {place}, table {table.model.name}"
