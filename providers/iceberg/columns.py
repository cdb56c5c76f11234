"""Column types by name, and which of them can become which without touching a data file; pure."""

from __future__ import annotations

import re
from typing import Final

SIMPLE_TYPES: Final = frozenset(
    {"int", "long", "string", "boolean", "float", "double", "date", "timestamp", "timestamptz", "uuid", "binary"}
)
_DECIMAL: Final = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")
_MOST_DIGITS: Final = 38


def decimal_digits(type_name: str) -> tuple[int, int] | None:
    """Precision and scale of ``decimal(p,s)``, None for any other type."""
    found = _DECIMAL.fullmatch(type_name)
    return (int(found[1]), int(found[2])) if found else None


def type_problem(type_name: object) -> str | None:
    """What is wrong with a type's name, None if nothing is."""
    if isinstance(type_name, str) and type_name in SIMPLE_TYPES:
        return None
    digits = decimal_digits(type_name) if isinstance(type_name, str) else None
    if digits is None:
        known = ", ".join(sorted(SIMPLE_TYPES))
        return f"{type_name!r} is not a column type; use one of {known} or decimal(precision,scale)"
    precision, scale = digits
    if not (1 <= precision <= _MOST_DIGITS and scale <= precision):
        return f"{type_name!r} has a precision outside 1 to {_MOST_DIGITS} or a scale above it"
    return None


def same_type(one: str, other: str) -> bool:
    """Whether two names mean one type; only spaces in a decimal may differ."""
    return one == other or (decimal_digits(one) is not None and decimal_digits(one) == decimal_digits(other))


def widens(old: str, new: str) -> bool:
    """Whether Iceberg reads old files of type ``old`` as ``new``: int as long, float as double, a decimal with more digits of one scale."""
    if (old, new) in (("int", "long"), ("float", "double")):
        return True
    before, after = decimal_digits(old), decimal_digits(new)
    return before is not None and after is not None and before[1] == after[1] and after[0] > before[0]
