"""Column types by name, and the type changes that leave data files valid; pure."""

from __future__ import annotations

import re
from typing import Final

SIMPLE_TYPES: Final = frozenset(
    {"int", "long", "string", "boolean", "float", "double", "date", "timestamp", "timestamptz", "uuid", "binary"}
)
_DECIMAL: Final = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")
_MOST_DIGITS: Final = 38


def decimal_digits(type_name: str) -> tuple[int, int] | None:
    """Return precision and scale of ``decimal(p,s)``, None for any other type."""
    match = _DECIMAL.fullmatch(type_name)
    return (int(match[1]), int(match[2])) if match else None


def type_problem(type_name: object) -> str | None:
    """Return the problem of a type's name, None for a valid one."""
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
    """Tell whether two names mean the same type; only spaces in a decimal may differ."""
    return one == other or (decimal_digits(one) is not None and decimal_digits(one) == decimal_digits(other))


def widens(old: str, new: str) -> bool:
    """Tell whether Iceberg reads type ``old`` as ``new``: int as long, float as double, a decimal with more digits and equal scale."""
    if (old, new) in (("int", "long"), ("float", "double")):
        return True
    before, after = decimal_digits(old), decimal_digits(new)
    return before is not None and after is not None and before[1] == after[1] and after[0] > before[0]
