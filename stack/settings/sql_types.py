"""Types of SQL expressions: what PostgreSQL casts by itself, and which literals a type takes."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# The widest whole number of each type.
INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
NUMBERS = {"int", "numeric", "float"}
TIMES = {"date", "timestamp", "timestamptz"}
# Spellings of a type in a cast.
_FAMILIES = {
    "int": {"smallint", "integer", "bigint", "int", "int2", "int4", "int8"},
    "float": {"real", "double precision", "float4", "float8", "float"},
    "numeric": {"numeric", "decimal"},
    "bool": {"boolean", "bool"},
    "text": {"text", "varchar", "character varying", "char", "character"},
    "uuid": {"uuid"},
    "date": {"date"},
    "timestamp": {"timestamp", "timestamp without time zone"},
    "timestamptz": {"timestamptz", "timestamp with time zone"},
    "interval": {"interval"},
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names}
# A default for each family of types.
EXAMPLES = {
    "int": "0",
    "float": "0",
    "numeric": "0",
    "bool": "false",
    "text": "''",
    "uuid": "gen_random_uuid()",
    "date": "current_date",
    "timestamp": "now()",
    "timestamptz": "now()",
    "interval": "'1 day'",
}
_UUID = re.compile(r"\{?[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}\}?")
_INTERVAL = re.compile(
    r"[+-]?[0-9]+(\.[0-9]+)? ?(microsecond|millisecond|second|sec|minute|min|hour|day|week|month|mon|year)s?"
    r"( [+-]?[0-9]+ (second|minute|hour|day|week|month|year)s?)*|[0-9]{1,4}:[0-9]{2}(:[0-9]{2})?|PT?[0-9YMWDTHS]+"
)
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_BOOLEANS = {"t", "tr", "tru", "true", "f", "fa", "fal", "fals", "false", "y", "ye", "yes", "n", "no", "on", "of", "off", "1", "0"}
_MOMENTS = {"infinity", "-infinity", "now", "today", "tomorrow", "yesterday", "epoch"}
_NUMERIC = re.compile(r"numeric\(([0-9]+),(-?[0-9]+)\)")
_LENGTH = re.compile(r"(?:var)?char\(([0-9]+)\)")


def family(sql_type: str) -> str | None:
    """Return the family of a type's name, in which values are cast freely, or None for an unknown one."""
    return None if sql_type.endswith("]") else _FAMILY.get(sql_type.partition("(")[0].strip())


def families(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the family of each column's type, from names and types of columns; conditions of constraints are judged by them."""
    return {name: family(sql_type) or "text" for name, sql_type in columns}


def assigns(value: str, column: str) -> bool:
    """Return whether PostgreSQL stores a value of one family in a column of another without a cast."""
    groups = (NUMBERS, TIMES)
    return column in {value, "text"} or any({value, column} <= group for group in groups)


def casts(value: str, to: str) -> bool:
    """Return whether PostgreSQL casts a value of one family to another when asked to."""
    return assigns(value, to) or {value, to} == {"int", "bool"}


def takes(sql_type: str, written: str) -> bool:  # noqa: PLR0911 - one for each family
    """Return whether a type takes a literal, whole and without loss."""
    kind = family(sql_type)
    if kind == "text":
        length = _LENGTH.fullmatch(sql_type)
        return length is None or len(written) <= int(length[1])
    if kind == "int":
        most = INTEGERS.get(sql_type, 2**63)
        return bool(_WHOLE.fullmatch(written)) and len(written) < 40 and -most <= int(written) < most  # noqa: PLR2004 - more than 2**63
    if kind in NUMBERS:
        return _is_number(sql_type, written)
    if kind == "bool":
        return written.strip().lower() in _BOOLEANS
    if kind == "uuid":
        return bool(_UUID.fullmatch(written))
    if kind == "interval":
        return bool(_INTERVAL.fullmatch(written))
    return _is_moment(written.strip())


# A number as PostgreSQL, Java and DuckDB read it: Python also takes underscores and the digits of every script.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")


def _is_number(sql_type: str, written: str) -> bool:
    if not _DECIMAL.fullmatch(written.strip()):
        return False
    number = Decimal(written.strip())
    if not number.is_finite() or abs(number.adjusted()) > 300:  # noqa: PLR2004 - the range of double precision
        return False
    sized = _NUMERIC.fullmatch(sql_type)
    if not sized:
        return sql_type not in {"real", "float4"} or abs(number.adjusted()) < 37 or not number  # noqa: PLR2004 - the range of real
    return abs(number).scaleb(int(sized[2])).to_integral_value("ROUND_HALF_UP") < Decimal(10) ** int(sized[1])


def _is_moment(written: str) -> bool:
    if written.lower() in _MOMENTS:
        return True
    try:
        datetime.fromisoformat(written)
    except ValueError:
        try:
            date.fromisoformat(written)
        except ValueError:
            return False
    return bool(re.match("[0-9]{4}-", written)) and not written.startswith("0000")


# Further names of a type in PostgreSQL, each with the usual one.
_SPELLINGS = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "character varying": "varchar",
    "decimal": "numeric",
    "character": "char",
    "bit varying": "varbit",
    "time with time zone": "timetz",
    "time without time zone": "time",
}


def usual(sql_type: str) -> str:
    """Return the usual spelling of a type: ``varchar(255)`` for ``character varying(255)``; any other type as it is written."""
    if sql_type.endswith("[]"):
        return usual(sql_type.removesuffix("[]")) + "[]"
    name, opened, size = " ".join(sql_type.split()).partition("(")
    known = _SPELLINGS.get(name)
    return sql_type if known is None else known + opened + size.replace(" ", "")
