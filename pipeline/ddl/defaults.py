"""Defaults of columns: whether PostgreSQL evaluates them for each row, and whether the source gives the registry's schema one.

What Debezium makes of a default was seen in its schemas, on a server (tests/images/test_avro_schemas.py). It reads the text that
PostgreSQL keeps: a function at its beginning becomes an empty value of the type, a literal is parsed, and what it cannot parse is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from pipeline.ddl.names import words
from pipeline.ddl.parsing import BadTextError, parse
from pipeline.ddl.trees import functions, texts
from stack.settings.archived_types import archive_type

if TYPE_CHECKING:
    from pipeline.ddl.parsing import Node

_STABLE: Final = frozenset(
    {"now", "transaction_timestamp", "statement_timestamp", "current_setting", "date_trunc", "timezone", "to_char", "date_part"}
)
_VOLATILE: Final = frozenset(
    {"clock_timestamp", "random", "gen_random_uuid", "nextval", "timeofday", "uuid_generate_v1", "uuid_generate_v4", "uuidv4", "uuidv7"}
    | {"gen_random_bytes", "random_normal", "setval", "txid_current", "pg_current_xact_id"}
)
_IMMUTABLE: Final = frozenset(
    {"lower", "upper", "md5", "concat", "repeat", "abs", "round", "floor", "ceil", "make_interval", "make_date", "jsonb_build_object"}
    | {"to_date", "to_timestamp", "array_fill", "replace", "btrim", "ltrim", "rtrim", "length", "decode", "encode", "date", "left", "right"}
)
# Types whose default may be any text: what Debezium cannot parse is taken as it is
_ANY_TEXT: Final = frozenset({"text", "varchar", "char", "json", "jsonb", "xml", "boolean"})
# Expressions that PostgreSQL writes as a function
_LIKE_FUNCTIONS: Final = frozenset({"SQLValueFunction", "CoalesceExpr", "MinMaxExpr"})
_PLAIN_NAME: Final = re.compile("[a-z0-9_]+")
# Types for which Debezium reads no default at all; `numeric` is the one without digits
_UNREAD: Final = frozenset(
    {"bytea", "oid", '"char"', "inet", "cidr", "macaddr", "macaddr8", "timetz", "name", "numeric"}
    | {"int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"}
    | {"int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"}
    | {"tsvector", "tsquery", "pg_lsn", "xid8", "txid_snapshot", "pg_snapshot"}
)
_MOMENTS: Final = frozenset({"infinity", "-infinity", "now", "today", "tomorrow", "yesterday", "epoch", "nan"})


class Kind(Enum):
    """When PostgreSQL evaluates a default."""

    NONE = "no default"
    CONSTANT = "a constant"
    STABLE = "the same value for all rows of the statement"
    VOLATILE = "another value for each row"
    UNKNOWN = "of a function that is not known here"


@dataclass(frozen=True, slots=True)
class Default:
    """Default of a column.

    Attributes:
        kind: When it is evaluated.
        seen: Whether the registry's schema has a default of a column that is NOT NULL; None if unknown.
    """

    kind: Kind
    seen: bool | None


NO_DEFAULT: Final = Default(Kind.NONE, seen=False)
SEQUENCE: Final = Default(Kind.VOLATILE, seen=True)
"""Default of a ``serial`` column."""
NOT_TOLD: Final = Default(Kind.UNKNOWN, seen=None)
"""Default of a column of an existing database, since the table file holds none."""


def of_text(text: str, spelling: str) -> Default:
    """Return the default that the model of a table writes; see ``of_node``."""
    try:
        (statement,) = parse(f"SELECT {text}")
    except (BadTextError, ValueError):
        return NOT_TOLD
    return of_node(statement.node["targetList"][0]["ResTarget"]["val"], spelling)


def of_node(expression: Node, spelling: str) -> Default:
    """Return the default of an expression.

    Args:
        expression: Node of the expression.
        spelling: The column's type in the table file's spelling.
    """
    ((kind, node),) = expression.items()
    if kind == "A_Const" and node.get("isnull"):
        return NO_DEFAULT
    when = _kind(expression)
    if spelling.endswith("[]") or spelling in _UNREAD:
        return Default(when, seen=False)
    if archive_type(spelling) is None:
        # of an enum a literal is one, of other types of the database itself none
        return Default(when, seen=None)
    return Default(when, _seen(expression, spelling.partition("(")[0]))


def _kind(expression: Node) -> Kind:
    if is_constant(expression):
        return Kind.CONSTANT
    called = set(functions(expression))
    if called & _VOLATILE:
        return Kind.VOLATILE
    return Kind.STABLE if called <= _STABLE | _IMMUTABLE else Kind.UNKNOWN


def is_constant(expression: Node) -> bool:
    """Return whether an expression is a literal, also one with a sign, a cast, or an array of them."""
    ((kind, node),) = expression.items()
    if kind == "A_Const":
        return True
    if kind == "TypeCast":
        return is_constant(node["arg"])
    if kind == "A_ArrayExpr":
        return all(map(is_constant, node.get("elements", [])))
    return kind == "A_Expr" and "lexpr" not in node and words(node.get("name", [])) in (["-"], ["+"]) and is_constant(node["rexpr"])


def _seen(expression: Node, base: str) -> bool | None:
    """Return whether Debezium reads a default from the text that PostgreSQL keeps of an expression; None if unknown.

    Args:
        expression: Node of the expression.
        base: The column's type without its size.
    """
    ((kind, node),) = expression.items()
    if base in _ANY_TEXT:
        return True
    if is_constant(expression):
        return None if any(text.strip().lower() in _MOMENTS for text in texts(expression)) else True
    if kind in _LIKE_FUNCTIONS:
        return True
    if kind == "TypeCast" and "FuncCall" in node["arg"]:
        kind, node = "FuncCall", node["arg"]["FuncCall"]
    if kind == "A_Expr" and "FuncCall" in node.get("lexpr", {}):
        kind, node = "FuncCall", node["lexpr"]["FuncCall"]
    if kind == "FuncCall":
        return _of_function(node)
    # neither a function nor a number or a time at the beginning; a literal within it is taken for the value
    return None if texts(expression) else False


def _of_function(node: Node) -> bool | None:
    name = words(node["funcname"])
    if name[-1] == "timezone" and node.get("funcformat") == "COERCE_SQL_SYNTAX":
        # PostgreSQL writes it as … AT TIME ZONE 'utc', and the zone is what is parsed
        return "FuncCall" in node["args"][1]
    return all(_PLAIN_NAME.fullmatch(part) for part in name)
