"""Whether a value is of the type, in the range and among the choices that the software declares for a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from configs.keys import Key

_BITS = {"short": 15, "int": 31, "long": 63}
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*")
_BOOLEANS = {"on", "off", "true", "false", "yes", "no", "1", "0"}
_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:e\d+)?)\s*([A-Za-zµ]*)\s*")
_TOKEN = re.compile(r"'(?:[^'\n\\]|'')*'|[A-Za-z_][\w.:/-]*|[+-]?[\d.]+(?:[eE][+-]?\d+)?[A-Za-zµ]*")
"""What the lexer of postgresql.conf takes as one value."""

_BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_TIMES = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def fault(key: Key, value: str) -> str:
    """What is wrong with a value, with the cure; empty when nothing is, or when the worker looks the value up by itself."""
    if "${" in value:
        return ""
    if key.context:
        return _postgres_fault(key, value)
    text = value.strip()
    if key.type == "boolean":
        return "" if text.lower() in {"true", "false"} else "is not a boolean; write true or false"
    if key.type in _BITS:
        return _integer_fault(key, text)
    if key.type == "double":
        return _range_fault(key, float(text)) if _is_number(text) else "is not a number; write for example 0.5"
    return _text_fault(key, text)


def _text_fault(key: Key, text: str) -> str:
    if key.type == "class" and text and not _CLASS.fullmatch(text):
        return "is not the name of a Java class; write it in full, for example org.example.Name"
    return _choice_fault(key, [part.strip() for part in text.split(",") if part.strip()] if key.type == "list" else [text])


def _integer_fault(key: Key, text: str) -> str:
    if not re.fullmatch(r"[+-]?\d+", text):
        return f"is not a whole number ({key.type}); write digits only, without a unit"
    if not -(2 ** _BITS[key.type]) <= int(text) < 2 ** _BITS[key.type]:
        return f"does not fit a {key.type}; use a number below {2 ** _BITS[key.type]}"
    return _range_fault(key, int(text))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range_fault(key: Key, number: float) -> str:
    if key.least is not None and number < key.least:
        return f"is below the least that is accepted; use {key.least} or more"
    if key.most is not None and number > key.most:
        return f"is above the most that is accepted; use {key.most} or less"
    return ""


def _choice_fault(key: Key, values: list[str]) -> str:
    fold = str.lower if key.any_case else str
    accepted = {fold(choice) for choice in key.valid}
    if not accepted or all(fold(value) in accepted for value in values):
        return ""
    choices = ", ".join(choice.lower() if key.any_case else choice for choice in key.valid if choice)
    return f"is not one of the values that are accepted; use one of {choices}"


def _postgres_fault(key: Key, value: str) -> str:
    if not _TOKEN.fullmatch(value.strip()):
        return "cannot stand in the file like this: only a word, or a number with its unit, goes without single quotes; write '…'"
    text = value.strip().strip("'")
    if key.context == "internal":
        return "is fixed when the server is built or the cluster is made; remove it"
    if key.type == "bool":
        return "" if text.lower() in _BOOLEANS else "is not a boolean; write on or off"
    if key.type == "enum":
        known = {choice.lower() for choice in key.valid}
        booleans = _BOOLEANS if known & {"on", "off"} else set()
        return "" if text.lower() in known | booleans else f"is not one of the values that are accepted; use one of {', '.join(key.valid)}"
    return _quantity_fault(key, text) if key.type in {"integer", "real"} else ""


def _quantity_fault(key: Key, text: str) -> str:
    parts = _NUMBER.fullmatch(text)
    if not parts:
        return "is not a number; write digits and a unit without quotes, for example 64MB or 30s"
    number, unit = float(parts[1]), parts[2]
    if unit:
        own = _NUMBER.fullmatch(key.unit if key.unit[:1].isdigit() else f"1{key.unit}")
        scale = next((known for known in (_BYTES, _TIMES) if own and own[2] in known), None)
        if scale is None or own is None:
            return "takes no unit; write digits only"
        if unit not in scale:
            return f"has the unit {unit}, which this parameter does not know; use one of {', '.join(scale)}"
        number = number * scale[unit] / (float(own[1]) * scale[own[2]])
    return _range_fault(key, number)
