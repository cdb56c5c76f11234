"""Types of columns, and what becomes of their values in the archive.

docs/fidelity.md is made from these tables, and a test runs each type through the image's source on a real server.
"""

from __future__ import annotations

import json
import re
from typing import Final

from stack.settings.sql_types import usual

PLAIN: Final = {
    "smallint": "int",
    "integer": "int",
    "bigint": "long",
    "oid": "long",
    "boolean": "boolean",
    "real": "float",
    "double precision": "double",
    "text": "string",
    "varchar": "string",
    "uuid": "string",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "bytea": "binary",
}
"""Iceberg type of each type that has a counterpart, or that Debezium itself gives as text."""

AS_TEXT: Final = {
    "text": ("char", '"char"', "name"),
    "documents": ("json", "jsonb", "xml"),
    "addresses": ("inet", "cidr", "macaddr", "macaddr8"),
    "times": ("time", "timetz", "interval"),
    "numbers": ("numeric", "bit", "varbit"),
    "ranges": ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
    "multiranges": ("int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"),
    "search": ("tsvector", "tsquery"),
    "system": ("pg_lsn", "xid8", "txid_snapshot", "pg_snapshot"),
}
"""Types of which the archive has PostgreSQL's own text, by subject."""

REFUSED: Final = (
    (("money",), "Debezium reads it by the server's locale", "`numeric(23,4)`"),
    (
        ("point", "lseg", "path", "box", "polygon", "line", "circle"),
        "Debezium makes numbers of its own of it",
        "columns of `double precision`",
    ),
    (("refcursor",), "the driver would run it", "`text`"),
)
"""Types that cannot be archived exactly, with the reason and another type."""

OF_EXTENSIONS: Final = (
    *("citext", "hstore", "ltree", "lquery", "ltxtquery", "cube", "seg", "query_int"),
    *("ean13", "isbn", "isbn13", "ismn", "ismn13", "issn", "issn13", "upc"),
    *("geometry", "geography", "vector", "halfvec", "sparsevec"),
)
"""Types of extensions of which the archive has PostgreSQL's own text; the table file says so."""

_OF_CATALOG: Final = ("class", "collation", "config", "dictionary", "namespace", "oper", "operator", "proc", "procedure", "role", "type")
BY_SESSION: Final = {
    "money": "the server's locale",
    **{f"reg{kind}": "names that may change, and the session's search path" for kind in _OF_CATALOG},
}
"""Types whose text is not the same in every session, with what it follows; no type that has one inside is archived."""

UNORDERED: Final = frozenset({"json", "xml", "txid_snapshot", "pg_snapshot"})
"""Types of which PostgreSQL makes no key."""

_OF_TEXT: Final = frozenset(name for names in AS_TEXT.values() for name in names)
# Parquet's and Iceberg's decimals end at 38 digits, PostgreSQL's numeric at 1000
_MOST_DIGITS: Final = 38
_MOST_IN_POSTGRESQL: Final = 1000
_NUMERIC: Final = re.compile(r"numeric\(([1-9][0-9]{0,3}),(-?[0-9]{1,4})\)")
_SIZED: Final = re.compile(r"(varchar|char|bit|varbit)\(([1-9][0-9]{0,8})\)")
# What Debezium parses, so that PostgreSQL's text of it is lost
_DEBEZIUMS: Final = {name: (reason, cure) for names, reason, cure in REFUSED for name in names}
# Without what JSON has and jsonb refuses: the null character, halves of pairs, numbers beyond numeric
_LITERAL: Final = re.compile(r"'((?:[^'\\eE\x00]|''|(?<![0-9])[eE])*)'")
_NAME: Final = re.compile(r"""([a-z_][a-z0-9_$]*|"[^"\x00]{1,63}")(\.([a-z_][a-z0-9_$]*|"[^"\x00]{1,63}"))?(\[\])?""")
_SHOWN: Final = 100
_LONGEST: Final = {"varchar": 10_485_760, "char": 10_485_760, "bit": 83_886_080, "varbit": 83_886_080}


def archive_type(sql_type: str) -> str | None:
    """Return the Iceberg type of a column, None where its type is not known to be archived exactly.

    Args:
        sql_type: Type in its usual spelling; see ``sql_types.usual``.
    """
    if sql_type.endswith("[]"):
        return "string" if archive_type(sql_type.removesuffix("[]")) else None
    numeric, sized = _NUMERIC.fullmatch(sql_type), _SIZED.fullmatch(sql_type)
    if numeric:
        precision, scale = int(numeric[1]), int(numeric[2])
        if precision <= _MOST_DIGITS and 0 <= scale <= precision:
            return f"decimal({precision},{scale})"
        return "string" if precision <= _MOST_IN_POSTGRESQL and abs(scale) <= _MOST_IN_POSTGRESQL else None
    if sized:
        return "string" if int(sized[2]) <= _LONGEST[sized[1]] else None
    return "string" if sql_type in _OF_TEXT else PLAIN.get(sql_type)


def is_server_text(sql_type: str) -> bool:
    """Return whether the archive has PostgreSQL's own text of a column's values, and not a value of another type."""
    kind = sql_type.partition("(")[0]
    return archive_type(sql_type) == "string" and (sql_type.endswith("[]") or kind in _OF_TEXT)


def type_fault(sql_type: str, written: str) -> str | None:
    """Return why a column of a type cannot be archived, and what to write instead; None where it can.

    Args:
        sql_type: Type in its usual spelling.
        written: Type as it is written.
    """
    if archive_type(sql_type):
        return None
    sized = _SIZED.fullmatch(sql_type)
    if sized:
        return f"type {sql_type!r} is longer than PostgreSQL's {sized[1]}({_LONGEST[sized[1]]}); use that, or text"
    known = ", ".join([*PLAIN, "varchar(n)", "numeric(p,s)", *(name for name in sorted(_OF_TEXT)), "or an array of one, such as text[]"])
    return f"type {written[:_SHOWN]!r} cannot be archived faithfully; use one of {known}"


def lost(written: str) -> tuple[str, str] | None:
    """Return why the values of a type, or of an array of it, do not arrive as they are, and another type; None without such a reason.

    Args:
        written: Type with or without schema and size.
    """
    return _DEBEZIUMS.get(written.removesuffix("[]").partition("(")[0].rpartition(".")[2].strip('"'))


def own_type_fault(written: str) -> str | None:
    """Return why a type that only the database knows cannot be archived as text; None where it can."""
    if lost(written):
        return f"type {written!r} has no text that Debezium leaves as it is; leave the column out"
    if archive_type(usual(written)):
        return f"type {written!r} is known, and archived as {archive_type(usual(written))}; remove archivedAs"
    return None if _NAME.fullmatch(written) else f"type {written[:_SHOWN]!r} is no name of a type; write it as 'make tables' does"


def literal_fault(sql_type: str, default: str) -> str | None:
    """Return why a default is not known to be one that PostgreSQL takes; None for plain JSON, and for no elements of an array."""
    literal = _LITERAL.fullmatch(default.strip())
    if literal and sql_type in {"json", "jsonb"}:
        try:
            json.loads(literal[1].replace("''", "'"), parse_constant=lambda word: int(word, 0))
        except (ValueError, RecursionError):
            return "it is no JSON"
        return None
    if literal and sql_type.endswith("[]") and literal[1] == "{}":
        return None
    return "only JSON without backslashes and exponents, and '{}' of an array, are known here"


def is_ordered(sql_type: str) -> bool:
    """Return whether PostgreSQL makes a key of a column of this type."""
    return sql_type.removesuffix("[]").partition("(")[0] not in UNORDERED
