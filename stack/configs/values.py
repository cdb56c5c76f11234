"""Checks of values against the type, range and choices that the software declares for a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.postgres_numbers import amount
from stack.configs.problems import Fault

if TYPE_CHECKING:
    from stack.configs.keys import Key

_BITS = {"short": 15, "int": 31, "long": 63}
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*")
_BOOLEANS = {"on", "off", "true", "false", "yes", "no", "1", "0"}
# One value for the lexer of postgresql.conf.
_TOKEN = re.compile(r"'(?:[^'\n\\]|'')*'|[A-Za-z_][\w.:/-]*|[+-]?0[xX][0-9a-fA-F]+[A-Za-z]*|[+-]?[\d.]+(?:[eE][+-]?\d+)?[A-Za-zµ]*")


def fault(key: Key, value: str) -> Fault | None:
    """Return the fault of a value; None for a valid value, and for a reference that the worker resolves."""
    if "${" in value:
        return None
    if key.context:
        return _postgres_fault(key, value)
    text = value.strip()
    if key.type == "boolean":
        return None if text.lower() in {"true", "false"} else Fault("is not a boolean", "write true or false")
    if key.type in _BITS:
        return _integer_fault(key, text)
    if key.type == "double":
        return _range_fault(key, float(text)) if _is_number(text) else Fault("is not a number", "write for example 0.5")
    return _text_fault(key, text)


def _text_fault(key: Key, text: str) -> Fault | None:
    if key.type == "class" and text and not _CLASS.fullmatch(text):
        return Fault("is not the name of a Java class", "write the full name, for example org.example.Name")
    return _choice_fault(key, [part.strip() for part in text.split(",") if part.strip()] if key.type == "list" else [text])


def _integer_fault(key: Key, text: str) -> Fault | None:
    if not re.fullmatch(r"[+-]?\d+", text):
        return Fault(f"is not a whole number ({key.type})", "write digits only, without a unit")
    if not -(2 ** _BITS[key.type]) <= int(text) < 2 ** _BITS[key.type]:
        return Fault(f"does not fit the type {key.type}", f"use a number below {2 ** _BITS[key.type]}")
    return _range_fault(key, int(text))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range_fault(key: Key, number: float) -> Fault | None:
    if key.least is not None and number < key.least:
        return Fault("is below the accepted minimum", f"use {key.least} or more")
    if key.most is not None and number > key.most:
        return Fault("is above the accepted maximum", f"use {key.most} or less")
    return None


def _choice_fault(key: Key, values: list[str]) -> Fault | None:
    fold = str.lower if key.any_case else str
    accepted = {fold(choice) for choice in key.valid}
    if not accepted or all(fold(value) in accepted for value in values):
        return None
    choices = ", ".join(choice.lower() if key.any_case else choice for choice in key.valid if choice)
    return Fault("is not an accepted value", f"use one of {choices}")


def _postgres_fault(key: Key, value: str) -> Fault | None:
    if not _TOKEN.fullmatch(value.strip()):
        return Fault("needs single quotes: only a word, or a number with its unit, is valid without them", "write '…'")
    text = value.strip().strip("'")
    if key.context == "internal":
        return Fault("is fixed when the server is built or the cluster is created", "remove it")
    if key.type == "bool":
        return None if text.lower() in _BOOLEANS else Fault("is not a boolean", "write on or off")
    if key.type == "enum":
        known = {choice.lower() for choice in key.valid}
        booleans = _BOOLEANS if known & {"on", "off"} else set()
        return None if text.lower() in known | booleans else Fault("is not an accepted value", f"use one of {', '.join(key.valid)}")
    return _quantity_fault(key, text) if key.type in {"integer", "real"} else None


def _quantity_fault(key: Key, text: str) -> Fault | None:
    number = amount(key, text)
    return number if isinstance(number, Fault) else _range_fault(key, number)
