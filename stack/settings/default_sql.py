"""The default of a column: an expression that PostgreSQL takes, and whose value fits the column's type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.settings.sql_expression import default_value
from stack.settings.sql_tokens import Reader, SqlError
from stack.settings.sql_types import NUMBERS, family, takes

if TYPE_CHECKING:
    from stack.settings.sql_operators import Typed

# What can make a number larger than an integer.
_LARGE = re.compile(r"[*]|[0-9]{9}|\b(pow|power|exp|factorial|lcm|cosh|sinh|tan|tand|cot|cotd)\b")
_VARCHAR = re.compile(r"(?:var)?char\(([0-9]+)\)")
# Characters of the longest text that a function known here returns: the name of a role.
_LONGEST_WORD = 64
_CALCULATED = re.compile(r"[*+-]|epoch|\b(pow|power|exp|factorial|lcm|cosh|sinh|tan|tand|cot|cotd|degrees)\b")
# Functions whose text may be as long as a number in them says.
_REPEATED = re.compile(r"\b(repeat|lpad|rpad|format|to_char|replace|regexp_replace)\b")


def default_fault(sql_type: str, default: str) -> str | None:
    """Return why PostgreSQL refuses a default for a column of this type, or None."""
    try:
        reader = Reader(default)
        typed = default_value(reader)
        if typed.kind == "null":
            return "NULL is no value of a column that is NOT NULL"
        wanted = family(sql_type) or "text"
        typed.as_(wanted)
        if typed.literal is not None and not takes(sql_type, typed.literal):
            return f"{typed.literal!r} is no value of type {sql_type}"
        if not _is_bounded(sql_type, typed, default):
            return f"what is calculated need not fit a {sql_type}"
    except SqlError as error:
        return str(error)
    return None


def _is_bounded(sql_type: str, typed: Typed, default: str) -> bool:
    length = _VARCHAR.fullmatch(sql_type)
    if length and int(length[1]) < _LONGEST_WORD:
        return typed.literal is not None and (typed.kind not in NUMBERS or typed.literal.lstrip("-").isdigit())
    if typed.literal is not None:
        return True
    if length and _REPEATED.search(default):
        return False
    large = sql_type == "integer" and _LARGE.search(default)
    return sql_type != "smallint" and not large and not (sql_type.startswith("numeric") and _CALCULATED.search(default))
