"""Numbers with units as PostgreSQL reads them (guc.c, ``parse_int`` and ``parse_real``)."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from stack.configs.problems import Fault

if TYPE_CHECKING:
    from stack.configs.keys import Key

BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_TIMES = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_NUMBER = re.compile(r"\s*([+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|\.\d+(?:[eE][+-]?\d{1,3})?))\s*([A-Za-z]*)\s*")
_OWN = re.compile(r"(\d*)([A-Za-z]+)")
_LONGEST = 64


@functools.lru_cache(maxsize=4096)
def parsed(text: str) -> tuple[float | None, str]:
    """Split a value into its number and its unit; the number is None where there is none."""
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        return None, ""
    digits = match[1]
    if re.match(r"[+-]?0[xX]", digits):
        return float(int(digits, 16)), match[2]
    # a leading zero means octal, as in C
    octal = re.fullmatch(r"[+-]?0[0-7]+", digits)
    return float(int(digits, 8) if octal else float(digits)), match[2]


def unquoted(text: str) -> str:
    """Return a value as written in the file without blanks and quotes around it."""
    return text.strip().strip("'")


def side(key: Key, written: str, least: str, most: str = "") -> int:
    """Return on which side of two ends a value is: -1 below, 1 above, 0 between them.

    Args:
        key: The parameter.
        written: Its value as written in the file, in quotes or not; no number is between all ends, since the check of spelling reports it.
        least: Smallest accepted value, with its unit.
        most: Largest accepted value, with its unit; empty for none.
    """
    given, low = amount(key, unquoted(written)), amount(key, least)
    high = amount(key, most) if most else float("inf")
    if isinstance(given, Fault) or isinstance(low, Fault) or isinstance(high, Fault):
        return 0
    return (given > high) - (given < low)


def counted(key: Key, written: str) -> float:
    """Return a value as the server reads it from its file, in the unit of its parameter; its default where it is no number."""
    given = amount(key, unquoted(written))
    return float(key.default or 0) if isinstance(given, Fault) else given


def amount(key: Key, text: str) -> float | Fault:
    """Return a value in the unit of its parameter, whole where the parameter is, or its fault."""
    number, unit = parsed(text)
    if number is None:
        return Fault("is not a number", "write digits and a unit without quotes, for example 64MB or 30s")
    if unit:
        own = _OWN.fullmatch(key.unit)
        scale = next((known for known in (BYTES, _TIMES) if own and own[2] in known), None)
        if scale is None or own is None:
            return Fault("takes no unit", "write digits only")
        if unit not in scale:
            return Fault(f"has the unit {unit}, which this parameter does not accept", f"use one of {', '.join(scale)}")
        number = number * scale[unit] / (int(own[1] or 1) * scale[own[2]])
    return float(round(number)) if key.type == "integer" else number
