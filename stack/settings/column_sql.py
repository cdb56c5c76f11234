"""Further SQL of a column: the clauses that PostgreSQL takes behind name, type and default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.sql_expression import check_condition
from stack.settings.sql_tokens import Reader, SqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACTIONS = (("no", "action"), ("restrict",), ("cascade",), ("set", "null"), ("set", "default"))
_OTHERS = {
    "primary": "the key of a table is its primaryKey",
    "generated": "PostgreSQL does not publish generated columns, so the archive would never have their values",
    "default": "a default has a key of its own, default",
    "null": "whether NULL is allowed says the key nullable",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of one column.

    Attributes:
        table: Table with its schema.
        column: Column that it refers to, or None for the table's key.
    """

    table: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Clauses:
    """What the further SQL of a column says.

    Attributes:
        is_unique: Whether the column is unique by itself, by an index.
        references: Tables that it refers to.
        indexes: Names that it gives to indexes of unique constraints.
    """

    is_unique: bool = False
    references: tuple[Reference, ...] = ()
    indexes: tuple[str, ...] = ()


def clauses(constraint: str, columns: Mapping[str, str]) -> Clauses:
    """Return what the further SQL of a column says.

    Args:
        constraint: SQL behind name, type and default.
        columns: Families of the table's columns, for conditions.

    Raises:
        SqlError: If PostgreSQL would refuse it; the message says why.
    """
    reader = Reader(constraint)
    unique, references, indexes = False, [], []
    while reader.next is not None:
        name = reader.take().text if reader.skip("constraint") else None
        deferrable = True
        if reader.skip("unique"):
            unique = True
            indexes += [name] if name else []
            if reader.skip("nulls"):
                reader.skip("not")
                reader.need("distinct")
        elif reader.skip("check"):
            reader.need("(")
            check_condition(reader, columns)
            reader.need(")")
            deferrable = False
        elif reader.skip("references"):
            references.append(_reference(reader))
        elif reader.skip("not", "null"):
            continue
        else:
            word = reader.take().text
            message = f"{word.upper()!r} is no clause of it" + (f": {_OTHERS[word]}" if word in _OTHERS else "")
            raise SqlError(message)
        _deferral(reader, deferrable=deferrable)
    return Clauses(unique, tuple(references), tuple(indexes))


def _reference(reader: Reader) -> Reference:
    name = reader.take().text
    table = f"{name}.{reader.take().text}" if reader.skip(".") else f"public.{name}"
    column = None
    if reader.skip("("):
        column = reader.take().text
        reader.need(")")
    if reader.skip("match") and not reader.skip("simple"):
        reader.need("full")
    while reader.skip("on"):
        if not reader.skip("delete"):
            reader.need("update")
        if not any(reader.skip(*action) for action in _ACTIONS):
            reader.need("cascade")
    return Reference(table, column)


def _deferral(reader: Reader, *, deferrable: bool) -> None:
    if not deferrable and (reader.skip("deferrable") or reader.skip("initially", "deferred")):
        message = "a CHECK cannot be DEFERRABLE; remove the word"
        raise SqlError(message)
    if not reader.skip("deferrable"):
        reader.skip("not", "deferrable")
    if reader.skip("initially") and not reader.skip("deferred"):
        reader.need("immediate")
